"""Runs on texts of other tokens, and on texts whose ids are kept on disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.runtime.runs import (
    TEXT,
    contents,
    interrupt,
    resume_to_end,
    small_run_config,
    train,
)
from zoo_core import generate, load
from zoo_core.errors import MisfitError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.manifest import SHARED
from zoo_core.runtime.checkpoints.extension import extend_vocabulary
from zoo_core.runtime.run import Run

KINDS = [
    {"tokens": "byte"},
    {"tokens": "word"},
    pytest.param({"tokens": "bpe", "vocabulary_size": 280}, marks=pytest.mark.full),
]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A text that is long enough in words."""
    path = tmp_path / "text.txt"
    path.write_text(TEXT * 6)
    return path


@pytest.mark.gate
@pytest.mark.parametrize("settings", KINDS, ids=lambda settings: settings["tokens"])
@pytest.mark.parametrize("sampling", ["sequential", "random"])
def test_a_resumed_run_equals_an_uninterrupted_one_whatever_the_tokens(
    catalog: Catalog,
    text: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    sampling: str,
) -> None:
    run_config = small_run_config(
        catalog,
        text,
        dataset={"sampling": sampling, **settings},
        trainer={"epochs": 2, "save_every": 1000.0},
    )
    train(catalog, run_config, tmp_path / "memory")
    monkeypatch.setattr("zoo_text.textfile.STORED", 1)
    train(catalog, run_config, tmp_path / "stored")
    interrupt(Run(catalog, run_config, tmp_path / "resumed"), 3)
    resume_to_end(catalog, tmp_path / "resumed")
    assert contents(tmp_path / "stored") == contents(tmp_path / "memory")
    assert contents(tmp_path / "resumed") == contents(tmp_path / "memory")


@pytest.mark.parametrize("settings", KINDS, ids=lambda settings: settings["tokens"])
def test_what_is_published_is_enough_to_generate(
    catalog: Catalog, text: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    run_config = small_run_config(catalog, text, dataset=settings, trainer={"epochs": 1})
    train(catalog, run_config, tmp_path / "run")
    text.unlink()
    (tmp_path / "pulled").mkdir()
    for name in SHARED:
        shutil.copy(tmp_path / "run" / name, tmp_path / "pulled")
    pulled = load(tmp_path / "pulled")
    assert generate(pulled, "the dog", length=9) == generate(
        load(tmp_path / "run"), "the dog", length=9
    )
    card = (tmp_path / "pulled" / "README.md").read_text()
    prompt = card.partition("--prompt ")[2].partition(" --length")[0].strip("'")
    assert isinstance(generate(pulled, prompt, length=3), str)
    assert torch.is_tensor(pulled.weights["output.weight"])


@pytest.mark.full
def test_pairs_of_bytes_take_no_new_symbols(catalog: Catalog, text: Path) -> None:
    from zoo_core.plugins.tokenizers import train_tokenizer

    vocabulary = train_tokenizer("bpe", [TEXT], 280, 1)
    with pytest.raises(MisfitError, match="hub:a/b has tokens bpe, which take no new symbols"):
        extend_vocabulary(vocabulary, vocabulary, "hub:a/b")
