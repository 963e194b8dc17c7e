"""The colours of all plots, which people with any kind of colour vision tell apart.

They are those of Okabe and Ito without the yellow, which is hard to see on white. Source: M. Okabe
and K. Ito, "Color universal design", https://jfly.uni-koeln.de/color/. Every plot has a white
background of its own, so that it is the same on a light and a dark page.
"""

from __future__ import annotations

BLUE, ORANGE, GREEN, PURPLE, AMBER, SKY, BLACK = COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#000000",
)
"""The colours by name, and in the order in which the curves of a plot take them."""
PALE, GREY = "#d5d8dc", "#8a8f96"
"""The colours of what stands behind the data, such as ranges, and of lines to compare with."""
SHADES = ("#ffffff", BLUE)
"""The ends of a scale from little to much."""
