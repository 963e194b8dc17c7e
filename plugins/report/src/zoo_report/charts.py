"""The drawing of a chart, in Vega-Lite.

Colours are variables of the page's style sheet, so that a chart follows it from light to dark and
to paper. The rows come from the page, which also sets the axes that its reader chooses.
"""

from __future__ import annotations

from typing import Any

import altair as alt

HEIGHT = 240
"""Pixels of the drawing without its axes."""
COLOURS = 7
"""Colours of the style sheet; further series repeat them with another dash."""
DASHES = ([1, 0], [7, 3], [2, 2], [8, 3, 2, 3])
TEXT, GRID, AXIS = "var(--muted)", "var(--grid)", "var(--line)"


def chart_spec(title: str, series: int) -> dict[str, Any]:
    """Returns the specification of a chart with lines and bands.

    Its data are the named tables ``rows`` (x, series, split, mean, low, high) and ``cursor``, the
    points under the pointer.

    Args:
        title: The title of the vertical axis, which describes the chart to a screen reader.
        series: The number of series.
    """
    numbers = list(range(series))
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(
            domain=numbers, range=[f"var(--s{number % COLOURS})" for number in numbers]
        ),
        legend=None,
    )
    dash = alt.StrokeDash(
        "series:N",
        scale=alt.Scale(
            domain=numbers,
            range=[DASHES[number // COLOURS % len(DASHES)] for number in numbers],
        ),
        legend=None,
    )
    x = alt.X(
        "x:Q",
        axis=alt.Axis(tickCount=6, labelFlush=True, labelOverlap=True, titleColor=TEXT),
        scale=alt.Scale(nice=False, zero=False),
    )
    y = alt.Y(
        "mean:Q",
        axis=alt.Axis(title=None, tickCount=5, labelOverlap=True),
        scale=alt.Scale(zero=False, nice=False, padding=6),
    )
    rows, cursor = alt.Chart(alt.NamedData("rows")), alt.Chart(alt.NamedData("cursor"))
    band = (
        rows.transform_filter("isValid(datum.low)")
        .mark_area(opacity=0.16, clip=True)
        .encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour, detail="split:N")
    )
    line = rows.mark_line(clip=True).encode(
        x=x,
        y=y,
        color=colour,
        strokeDash=dash,
        detail="split:N",
        strokeWidth=alt.when(alt.datum.thin).then(alt.value(1)).otherwise(alt.value(2)),
    )
    single = (
        rows.transform_filter("datum.single")
        .mark_point(filled=True, size=36)
        .encode(x=x, y=y, color=colour)
    )
    rule = cursor.mark_rule(color=AXIS).encode(x=x)
    points = cursor.mark_point(filled=True, size=40, opacity=1).encode(x=x, y=y, color=colour)
    spec: dict[str, Any] = (
        alt.layer(band, line, single, rule, points)
        .properties(width="container", height=HEIGHT, description=title)
        .configure(background="transparent", font="inherit", padding=2)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=TEXT,
            gridColor=GRID,
            domainColor=AXIS,
            tickColor=AXIS,
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
            gridOpacity=1,
        )
        .configure_axisX(grid=False)
        .to_dict()
    )
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return spec
