"""Translation: files without pairs, inputs that no model reads, and options that do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.faults.conftest import Met
from tests.faults.fault import case, fault

LEFT = "no run"
NUMBERS = "seq2seq-attention.number-words"
"""A checkpoint that is shipped."""


def train_on(path: Path, out: Path) -> list[object]:
    """Returns the arguments of a short training on pairs."""
    sizes = ["--model.hidden-size", 4, "--trainer.epochs", 1]
    return [
        *["train", "seq2seq", "--dataset", "translation-pairs", *sizes],
        *["--dataset.path", path, "--out", out],
    ]


@pytest.mark.parametrize(
    "data",
    [
        case(
            (
                120,
                "pairs without tabs",
                "Error: …pairs.txt: no line has a source, a tab and a target",
                6,
                LEFT,
            ),
            b"go on; va !\nhi; salut !\n",
        ),
        case(
            (
                120,
                "an empty file of pairs",
                "Error: …pairs.txt: no line has a source, a tab and a target",
                6,
                LEFT,
            ),
            b"",
        ),
        case(
            (
                121,
                "pairs in a file that is no text",
                "Error: …pairs.txt is a picture; name a text",
                6,
                LEFT,
            ),
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\t\0",
        ),
    ],
)
def test_a_file_that_has_no_pairs_is_refused(
    zoo: Zoo, met: Met, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "pairs.txt"
    path.write_bytes(data)
    met(zoo(*train_on(path, tmp_path / "run")))
    assert not (tmp_path / "run").exists()


@fault(
    122,
    "a model of sources on data without any",
    says="Error: seq2seq writes a target for a source, and this data has none; try: …",
    code=6,
    left=LEFT,
)
def test_data_without_sources_is_refused(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    met(zoo("train", "seq2seq", "--dataset", "hello", "--out", tmp_path / "run"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        case(
            (
                123,
                "a word that the sources of the training lack",
                "Error: … lacks: ' owl' …",
                6,
                "nothing",
            ),
            ["predict", NUMBERS, "ninety owl"],
        ),
        case(
            (
                124,
                "a length penalty without a beam",
                "Error: --length-penalty has no effect with a beam of 1, which has nothing to "
                "rank; give --beam 2 or more, or leave it out",
                2,
                "nothing",
            ),
            ["predict", NUMBERS, "ninety", "--length-penalty", "1"],
        ),
        case(
            (
                124,
                "a beam of a model that does not translate",
                "Error: lstm-embed is trained on …hello, which asks for no translation; leave out "
                "--beam",
                6,
                "nothing",
            ),
            ["predict", "lstm-embed.hello", "hello", "--beam", "2"],
        ),
        case(
            (
                125,
                "the attention of a model that has none",
                "Error: lstm-embed… has no attention; leave out --attention",
                6,
                "nothing",
            ),
            ["inspect", "lstm-embed.hello", "--text", "h", "--attention"],
        ),
        case(
            (
                126,
                "a picture of more symbols than it has room for",
                "Error: the source has 301 symbols, a picture of the attention at most 200; give a "
                "shorter text, or leave out --picture",
                6,
                "nothing",
            ),
            [
                *["inspect", NUMBERS, "--attention", "--picture", "a.png"],
                *["--text", " ".join(["one"] * 300)],
            ],
        ),
    ],
)
def test_what_a_translation_does_not_take_is_refused(
    zoo: Zoo,
    met: Met,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    met(zoo(*arguments))
    assert not list(tmp_path.iterdir())
