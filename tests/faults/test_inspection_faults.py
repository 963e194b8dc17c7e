"""Inspection: models and texts that have nothing to show."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.faults.conftest import Met
from tests.faults.fault import case, fault

HELLO = "lstm-embed.hello"
TEXTS = [
    case(
        (80, "a text of unknown symbols", "Error: the text has no symbol that …", 6, "nothing"),
        ["--text", "xyz"],
    ),
    case(
        (80, "an empty text", "Error: an empty text; give at least one symbol", 6, "nothing"),
        ["--text", ""],
    ),
    case(
        (
            81,
            "a gate that the cell lacks",
            "Error: no gate 'reset' in layer 0; there are …",
            3,
            "nothing",
        ),
        ["--text", "hello", "--gate", "reset"],
    ),
    case(
        (
            81,
            "a unit beyond the last",
            "Error: unit = 4: expected 0 to 3, the units of …",
            6,
            "nothing",
        ),
        ["--text", "hello", "--unit", 4],
    ),
    case(
        (81, "a layer beyond the last", "Error: layer = 1: expected 0 to 0", 6, "nothing"),
        ["--text", "hello", "--layer", 1],
    ),
]


@pytest.mark.parametrize("arguments", TEXTS)
def test_what_a_model_cannot_show_is_refused(arguments: list[object], zoo: Zoo, met: Met) -> None:
    met(zoo("inspect", HELLO, *arguments))


@fault(
    82,
    "a model without a recurrence",
    says="Error: TextClassifier has no recurrent state; only recurrent models can be inspected",
    code=6,
    left="nothing",
)
def test_a_convolution_is_refused(zoo: Zoo, tmp_path: Path, met: Met) -> None:
    text = tmp_path / "text.txt"
    text.write_text("the quick brown fox\n" * 20)
    data = ["--dataset", "text", "--dataset.path", text, "--dataset.per", "sequence"]
    cut = ["--dataset.sampling", "random", "--dataset.steps", 16, "--trainer.epochs", 1]
    assert zoo("train", "cnn1d", *data, *cut, "--out", tmp_path / "run").code == 0
    met(zoo("inspect", tmp_path / "run", "--text", "the quick brown fox"))


@fault(
    83,
    "a page that is in the way",
    says="Error: …page.html exists already; choose another, or --overwrite",
    code=6,
    left="the file as it was",
)
def test_a_page_in_the_way_stays(zoo: Zoo, tmp_path: Path, met: Met) -> None:
    page = tmp_path / "page.html"
    page.write_text("mine")
    met(zoo("inspect", HELLO, "--text", "hello", "--html", page))
    assert page.read_text() == "mine"


@fault(
    83,
    "a page without the plugin that makes it",
    says="Error: zoo report comes with zoo-report: …",
    code=7,
    left="nothing",
)
def test_a_page_names_the_plugin_that_makes_it(
    zoo: Zoo, tmp_path: Path, met: Met, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-lstm,zoo-text,zoo-train")
    met(zoo("inspect", HELLO, "--text", "hello", "--html", tmp_path / "page.html"))
    assert not list(tmp_path.iterdir())
