"""Pages of models of every kind write what ``zoo generate`` writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import open_page
from tests.plugins.onnx.test_web_page import write
from zoo_core import export, generate, load, train

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chromium")]
TEXT = "The cat sat on the mat; the naïve dog said so.\nWhere's the hat?  It's 12 o'clock.\n" * 60
WINDOWS = {"steps": 3, "per": "sequence", "sampling": "random"}


@pytest.mark.parametrize(
    ("model", "settings", "dataset", "prompt"),
    [
        ("char-three", {}, WINDOWS, "The cat"),
        ("gru-scratch", {}, {}, "The cat"),
        ("lstm-embed", {"num_layers": 2}, {}, "The cat"),
        ("layer-norm-lstm", {"hidden_size": 16}, {}, "The cat"),
        ("qrnn", {"num_layers": 2, "hidden_size": 16}, {}, "The cat"),
        ("s4d", {"hidden_size": 8}, {}, "The cat"),
        ("mlstm", {"hidden_size": 16}, {}, "The cat"),
        ("gated-deltanet", {"hidden_size": 16}, {}, "The cat"),
        ("cfc", {"hidden_size": 16}, {}, "The cat"),
        ("deep", {"cell": "mingru", "hidden_size": 16}, {}, "The cat"),
        ("gru-embed", {}, {"tokens": "word"}, "cat sat"),
        ("gru-embed", {}, {"tokens": "byte"}, "The naïve "),
        ("gru-embed", {}, {"tokens": "bpe", "vocabulary_size": 300}, "It's the naïve"),
    ],
)
def test_the_greedy_text_is_that_of_zoo_generate(
    chromium: Browser,
    web_runtime: Path,
    tmp_path: Path,
    model: str,
    settings: dict[str, Any],
    dataset: dict[str, Any],
    prompt: str,
) -> None:
    text = tmp_path / "text.txt"
    text.write_text(TEXT, "utf-8")
    sections = {"dataset": {"path": (str(text),), **dataset}, "trainer": {"epochs": 3}}
    train(model, tmp_path / "run", dataset="text", settings={**sections, "model": settings})
    checkpoint = load(tmp_path / "run")
    export(checkpoint, tmp_path / "page", format="web", runtime=web_runtime)
    expected = generate(checkpoint, prompt, temperature=0, length=60)
    with open_page(chromium, (tmp_path / "page" / "index.html").as_uri()) as opened:
        assert write(opened.page, prompt, temperature=0, length=60).endswith(expected)
        assert opened.errors == []
