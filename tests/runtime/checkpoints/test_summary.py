"""What a Python prompt or a notebook shows of a checkpoint, its vocabulary and its model."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import zoo_core
from zoo_core.plugins.catalog import BrokenPlugin
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint


@pytest.fixture(scope="module")
def shipped() -> Checkpoint:
    """A checkpoint of a text model."""
    return zoo_core.load("lstm-embed.python-docs")


def test_the_repr_is_one_line_with_name_folder_size_and_metrics(shipped: Checkpoint) -> None:
    text = repr(replace(shipped, folder=Path("a\nb"), metrics={"test": {"loss": 1.23456}}))
    count = sum(weight.numel() for weight in shipped.weights.values())
    assert text == (
        f"<Checkpoint lstm-embed.python-docs in 'a\\nb': {count:,} parameters; test loss 1.235>"
    )
    assert "; unfinished; " in repr(replace(shipped, finished=False))


def test_a_notebook_shows_a_small_table_whose_text_is_escaped(shipped: Checkpoint) -> None:
    text = replace(shipped, folder=Path("<script>"))._repr_html_()
    assert text.startswith("<table>")
    assert len(text) < 2_000
    assert "<tr><th>folder</th><td>&lt;script&gt;</td></tr>" in text
    assert "<tr><th>state</th><td>finished</td></tr>" in text


def test_an_inspection_shows_what_it_has_and_not_every_number(shipped: Checkpoint) -> None:
    text = repr(zoo_core.inspect(shipped, "some text " * 100))
    assert text.startswith("<Inspection of lstm-embed: 1,000 symbols; hidden 0, cell 0, ")
    assert len(text) < 200


def test_the_plugins_of_a_checkpoint_are_counted(shipped: Checkpoint) -> None:
    text = repr(shipped.catalog)
    assert re.fullmatch(r"<Catalog of \d+ specs of \d+ plugins>", text)
    broken = BrokenPlugin(shipped.catalog.plugins[0], "no luck", "none", "")
    assert repr(shipped.catalog._replace(broken=(broken,))).endswith(" plugins, 1 broken>")


def test_a_vocabulary_shows_its_size_and_its_first_symbols(shipped: Checkpoint) -> None:
    vocabulary = zoo_core.Vocabulary(tuple("abcdefghij"))
    assert repr(vocabulary) == "Vocabulary(10 symbols: ('a', 'b', 'c', 'd', 'e', 'f', ...))"
    assert len(repr(shipped.signature)) < 300


@pytest.mark.parametrize(
    ("settings", "layer"),
    [
        ({}, "Recurrent(\n    lstm, 8, 16\n"),
        (
            {"num_layers": 2, "bidirectional": True, "proj_size": 3, "hidden_size": 5},
            "lstm, 8, 5, output_size=3, num_layers=2, bidirectional=True\n",
        ),
    ],
    ids=["plain", "all"],
)
def test_a_printed_model_shows_cell_and_sizes(settings: dict[str, object], layer: str) -> None:
    settings = {"embedding_size": 8, "hidden_size": 16} | settings
    assert layer in str(zoo_core.create_model("lstm-embed", settings={"model": settings}))
