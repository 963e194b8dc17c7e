"""Data: empty, too short, not text, symbols never seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.faults.conftest import Met
from tests.faults.fault import case, fault

LEFT = "no run"
ENCODING = "name another --dataset.encoding or save it as UTF-8"
SEEN = b"hello there, old world; the others were here first\n"
FOX = b"the quick brown fox jumps over the lazy dog\n"


def train_on(path: Path, out: Path) -> list[object]:
    """Returns the arguments of a short training on a text."""
    sizes = ["--dataset.steps", 8, "--trainer.batch-size", 2, "--trainer.epochs", 1]
    where = ["--dataset.path", path, "--out", out]
    return ["train", "gru-embed", "--dataset", "text", *sizes, "--model.hidden-size", 4, *where]


@pytest.mark.parametrize(
    "data",
    [
        case((36, "an empty text", "Error: …text.txt: the text is empty", 6, LEFT), b""),
        case(
            (
                36,
                "a text too short for a batch",
                "Error: …: split validation has 0 symbols, evaluation needs 2; …",
                6,
                LEFT,
            ),
            b"abc",
        ),
        case(
            (
                37,
                "not UTF-8",
                "Error: …: byte 0xff at offset 440; name another --dataset.encoding…",
                6,
                LEFT,
            ),
            FOX * 10 + b"\xff",
        ),
        case(
            (37, "a NUL", f"Error: … is not text: NUL byte at offset 446; {ENCODING}", 6, LEFT),
            FOX * 10 + "naïve".encode() + b"\0",
        ),
    ],
)
def test_unusable_data_is_refused(zoo: Zoo, met: Met, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(data)
    met(zoo(*train_on(path, tmp_path / "run")))
    assert not (tmp_path / "run").exists()


@fault(
    36,
    "more sums than there are pairs",
    says="Error: addition: there are 55 pairs of numbers … and 56 were asked for; give a smaller …",
    code=6,
    left=LEFT,
)
def test_more_sums_than_there_are_pairs_are_refused(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    sums = ["--dataset", "addition", "--dataset.digits", 1, "--dataset.examples", 56]
    met(zoo("train", "gru-embed", *sums, "--out", tmp_path / "run"))
    assert not (tmp_path / "run").exists()


@fault(
    36,
    "more rows of a task than there are",
    says="Error: parity: there are hardly more than 8 different rows … and 11 are needed; …",
    code=6,
    left=LEFT,
)
def test_more_rows_of_a_task_than_there_are_are_refused(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    counts = ["--dataset.examples", 9, "--dataset.held-out", 2]
    lengths = ["--dataset.min-length", 3, "--dataset.max-length", 3]
    rows = ["--dataset", "parity", *counts, *lengths]
    met(zoo("train", "gru-embed", *rows, "--out", tmp_path / "run"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "data",
    [
        case((37, "a byte order mark", "", 0, "a checkpoint"), b"\xef\xbb\xbf" + FOX * 10),
        case(
            (37, "UTF-16", "… is UTF-16, as its byte order mark says", 0, "a checkpoint"),
            (FOX * 10).decode().encode("utf-16"),
        ),
        case(
            (37, "GB18030", "… is read as gb18030, which it looks like; …", 0, "a checkpoint"),
            ("我們在這裡說話的時候，他們已經來到了國家的門口。\n" * 20).encode("gb18030"),
        ),
        case((37, "mixed line ends", "", 0, "a checkpoint"), FOX * 9 + b"a\r\n\r" * 99),
        case((37, "one enormous line", "", 0, "a checkpoint"), FOX.strip() * 25_000),
    ],
)
def test_unusual_data_is_read(zoo: Zoo, met: Met, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(data)
    met(zoo(*train_on(path, tmp_path / "run"), "--dataset.limit", 2000))
    vocabulary = zoo("show", tmp_path / "run", "--json").stdout
    assert "\\ufeff" not in vocabulary
    assert "\\r" not in vocabulary


@fault(
    37, "inputs that are not UTF-8", says="Error: … is not utf-8: byte 0xff …", code=6, left=LEFT
)
def test_inputs_that_are_not_text_are_refused(
    zoo: Zoo, met: Met, hello: Path, tmp_path: Path
) -> None:
    (tmp_path / "inputs").write_bytes(b"hello\n\xff")
    met(zoo("predict", hello, "--file", tmp_path / "inputs"))


STRANGE = "Error: symbols that the vocabulary lacks: 'z' (3×), 'y' (1×); … --unknown …"


@pytest.fixture
def prose(zoo: Zoo, tmp_path: Path) -> Path:
    """A language model whose vocabulary lacks y and z."""
    (tmp_path / "seen.txt").write_bytes(SEEN * 20)
    folder = tmp_path / "prose"
    assert zoo(*train_on(tmp_path / "seen.txt", folder)).code == 0
    return folder


@fault(38, "symbols never seen, at predict", says=STRANGE, code=6, left="nothing")
def test_predict_refuses_unknown_symbols(zoo: Zoo, met: Met, prose: Path) -> None:
    met(zoo("predict", prose, "zzhzey"))
    assert zoo("predict", prose, "zzhzey", "--unknown", "skip").code == 0


@fault(38, "symbols never seen, at generate", says=STRANGE, code=6, left="nothing")
def test_generate_refuses_unknown_symbols(zoo: Zoo, met: Met, prose: Path) -> None:
    met(zoo("generate", prose, "--prompt", "zzhzey"))
    result = zoo("generate", prose, "--prompt", "zzhzey", "--unknown", "replace=o", "--length", 1)
    assert result.stdout.startswith("oohoeo")


@fault(38, "symbols never seen, at evaluate", says=STRANGE, code=6, left="nothing")
def test_evaluate_refuses_unknown_symbols(zoo: Zoo, met: Met, prose: Path, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_bytes(b"hello there, old world\n" * 20 + b"zzhzey")
    on = ["evaluate", prose, "--dataset.path", tmp_path / "new.txt"]
    met(zoo(*on))
    assert zoo(*on, "--unknown", "skip", "--json").json.keys() == {"validation", "test"}
    assert zoo(*on, "--unknown", "replace=o").code == 0
    assert zoo(*on, "--unknown", "guess").code == 6
