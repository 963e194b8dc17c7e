"""The picture of a matrix."""

from __future__ import annotations

from xml.etree import ElementTree

from tests.core.comparisons.test_matrix import RUNS, run
from zoo_core.comparisons.matrix import make_matrix
from zoo_core.runtime.plots.matrix_plot import matrix_plot

TEXT = "{http://www.w3.org/2000/svg}text"


def test_a_picture_names_rows_and_columns_and_repeats() -> None:
    matrix = make_matrix(RUNS, metric="accuracy")
    svg = matrix_plot(matrix, "svg")
    assert matrix_plot(matrix, "svg") == svg
    texts = [element.text for element in ElementTree.fromstring(svg).iter(TEXT)]
    assert {"lstm", "gru", "parity", "dyck", ".75", "±.35", ".90", "–"} <= set(texts)
    assert "±.00" not in texts
    assert matrix_plot(matrix, "png").startswith(b"\x89PNG")


def test_a_dollar_in_a_name_is_no_formula() -> None:
    matrix = make_matrix([run("$\\frac$", "$x$", (1.0, 0.5))], metric="accuracy")
    texts = [
        element.text for element in ElementTree.fromstring(matrix_plot(matrix, "svg")).iter(TEXT)
    ]
    assert {"$\\frac$", "$x$"} <= set(texts)
