"""Texts and tokens: files that are not there, no room for ids, tokenizers that do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.faults.child import no_longer_files_than
from tests.faults.conftest import Met, Start
from tests.faults.fault import case, fault
from zoo_core.storage.locations import encoded_folder

LEFT = "no run"
FOX = "the quick brown fox jumps over the lazy dog\n"


def train_on(path: Path, out: Path, *options: object) -> list[object]:
    """Returns the arguments of a short training on a text."""
    sizes = ["--dataset.steps", 8, "--trainer.batch-size", 2, "--trainer.epochs", 1]
    where = ["--dataset.path", path, "--out", out, "--model.hidden-size", 4]
    return ["train", "gru-embed", "--dataset", "text", *sizes, *where, *options]


@pytest.mark.parametrize(
    "options",
    [
        case(
            (
                100,
                "tokens of another name",
                "Error: dataset.tokens = 'syllable': expected char, byte, word, bpe or a FILE.json",
                6,
                LEFT,
            ),
            ["--dataset.tokens", "syllable"],
        ),
        case(
            (
                100,
                "a vocabulary too small for every byte",
                "Error: dataset.vocabulary_size = 200: expected an integer >= 256 for bpe, …",
                6,
                LEFT,
            ),
            ["--dataset.tokens", "bpe", "--dataset.vocabulary-size", 200],
        ),
        case(
            (
                100,
                "a tokenizer that is not there",
                "Error: cannot read …none.json: No such file or directory; see --dataset.tokens",
                6,
                LEFT,
            ),
            ["--dataset.tokens", "none.json"],
        ),
    ],
)
def test_tokens_that_cannot_be_are_refused(
    zoo: Zoo, met: Met, tmp_path: Path, options: list[object]
) -> None:
    (tmp_path / "text.txt").write_text(FOX * 20)
    met(zoo(*train_on(tmp_path / "text.txt", tmp_path / "run", *options)))
    assert not (tmp_path / "run").exists()


@fault(
    100,
    "bpe without its plugin",
    says="Error: tokens 'bpe' need a plugin: bpe comes with zoo-tokenizers: …",
    code=7,
    left=LEFT,
)
def test_bpe_without_its_plugin_is_refused(
    zoo: Zoo, met: Met, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-gru,zoo-text,zoo-train")
    (tmp_path / "text.txt").write_text(FOX * 20)
    met(zoo(*train_on(tmp_path / "text.txt", tmp_path / "run", "--dataset.tokens", "bpe")))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "name",
    [
        case(
            (
                101,
                "a pattern without a file",
                "Error: no file matches …*.text; name another --dataset.path",
                6,
                LEFT,
            ),
            "*.text",
        ),
        case(
            (
                101,
                "an empty folder of texts",
                "Error: …empty holds no file; name another --dataset.path",
                6,
                LEFT,
            ),
            "empty",
        ),
    ],
)
def test_paths_without_a_file_are_refused(zoo: Zoo, met: Met, tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    met(zoo(*train_on(tmp_path / name, tmp_path / "run")))
    assert not (tmp_path / "run").exists()


@fault(
    102,
    "no room for the ids of a large text",
    says="Error: cannot write …; make room with zoo data remove, or set ZOO_HOME to another disk",
    code=6,
    left="no run and no part of the ids",
)
def test_ids_that_have_no_room_are_refused(start: Start, met: Met, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(FOX * 25_000)
    arguments = train_on(tmp_path / "text.txt", tmp_path / "run")
    met(start(*arguments, before=no_longer_files_than(500_000)).wait())
    assert not (tmp_path / "run").exists()
    assert not list(encoded_folder().rglob("tokens"))
    assert not list(encoded_folder().rglob(".*.tmp"))
