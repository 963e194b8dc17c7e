"""The picture of an attention."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from zoo_core.runtime.plots.attention_plot import attention_plot


def test_symbols_from_outside_stay_text_of_the_picture() -> None:
    source = ["<b>&", "$x", "a\x1bb", "c\x00", " "]
    image = attention_plot(source, ["un"], [[0.2] * 5], title="attention", format="svg")
    texts = [(element.text or "").strip() for element in ET.fromstring(image).iter()]
    for shown in ("<b>&", "$x", r"a\x1bb", r"c\x00", "␣", "un", "attention"):
        assert shown in texts
