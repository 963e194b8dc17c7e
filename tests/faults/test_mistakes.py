"""The likeliest mistakes of a user: one line names what was meant, and nothing is left behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.faults.conftest import Met
from tests.faults.fault import case
from zoo_core.storage.locations import runs_folder

TRAIN = ("train", "lstm-embed")
LEFT = "nothing new"
UNKNOWN = "symbols that the vocabulary lacks: 'é' (1×); leave them out, or use --unknown …"
MISTAKES = [
    case(
        (190, "`zoo trian`", "Error: no command 'trian'; did you mean train?", 2, LEFT),
        "trian",
    ),
    case(
        (
            191,
            "`zoo train lstm-embd`",
            "Error: no model 'lstm-embd'; did you mean lstm-embed?",
            3,
            LEFT,
        ),
        "train",
        "lstm-embd",
    ),
    case(
        (
            192,
            "`zoo train lstm-embed --devise cpu`",
            "Error: no option --devise; did you mean --device?",
            2,
            LEFT,
        ),
        *TRAIN,
        "--devise",
        "cpu",
    ),
    case(
        (
            193,
            "`zoo train lstm-embed --model.hiden-size 8`",
            "Error: no option --model.hiden-size; did you mean --model.hidden-size?",
            2,
            LEFT,
        ),
        *TRAIN,
        "--model.hiden-size",
        8,
    ),
    case(
        (
            194,
            "`zoo train lstm-embed --config my.toml`, with `hiden_size` in the file",
            "Error: my.toml: model.hiden_size: no such setting; did you mean hidden_size?",
            6,
            LEFT,
        ),
        *TRAIN,
        "--config",
        "my.toml",
    ),
    case(
        (
            195,
            "`zoo train lstm-embed --dataset txt`",
            "Error: no dataset 'txt'; did you mean text?",
            3,
            LEFT,
        ),
        *TRAIN,
        "--dataset",
        "txt",
    ),
    case(
        (
            196,
            "`zoo train lstm-embed --dataset text`",
            "Error: --dataset.path is missing (…): "
            "zoo train lstm-embed --dataset text --dataset.path PATH",
            6,
            LEFT,
        ),
        *TRAIN,
        "--dataset",
        "text",
    ),
    case(
        (
            197,
            "`zoo train lstm-embed --dataset text --dataset.path none.txt`",
            "Error: cannot read none.txt: No such file or directory; name the file with "
            "--dataset.path",
            6,
            LEFT,
        ),
        *TRAIN,
        "--dataset",
        "text",
        "--dataset.path",
        "none.txt",
    ),
    case(
        (
            198,
            "`zoo train lstm-embed --model.hidden-size many`",
            "Error: --model.hidden-size = 'many': expected an integer >= 1",
            6,
            LEFT,
        ),
        *TRAIN,
        "--model.hidden-size",
        "many",
    ),
    case(
        (
            199,
            "`zoo train lstm-embed --trainer.epochs 0`",
            "Error: --trainer.epochs = '0': expected an integer >= 1 and <= 1000000",
            6,
            LEFT,
        ),
        *TRAIN,
        "--trainer.epochs",
        0,
    ),
    case(
        (
            200,
            "`zoo train lstm-embed --model.hidden-size 1000000000`",
            "Error: lstm-embed would have …; … are free here: choose smaller sizes",
            6,
            LEFT,
        ),
        *TRAIN,
        "--model.hidden-size",
        10**9,
    ),
    case(
        (
            201,
            "`zoo train lstm-embed --budget soon`",
            "Error: Invalid value for '--budget': 'soon' is not a duration: write 60s, 2m or 1h",
            2,
            LEFT,
        ),
        *TRAIN,
        "--budget",
        "soon",
    ),
    case(
        (
            202,
            "`zoo train lstm-embed --out ./run`, a second time",
            "Error: run holds a checkpoint already; choose another, or --overwrite",
            6,
            "the first run",
        ),
        *TRAIN,
        "--out",
        "./run",
    ),
    case(
        (
            203,
            "`zoo train gru-embed --from ./run`, a run of lstm-embed",
            "Error: ./run holds a lstm-embed, not a gru-embed",
            6,
            LEFT,
        ),
        "train",
        "gru-embed",
        "--from",
        "./run",
    ),
    case(
        (
            204,
            "`zoo evaluate fxes`, where a run is called foxes",
            "Error: no run or folder 'fxes' (did you mean foxes?), and no model 'fxes'; "
            "try: zoo list models",
            3,
            LEFT,
        ),
        "evaluate",
        "fxes",
    ),
    case(
        (
            205,
            "`zoo resume ./nothing`",
            "Error: no run to resume in nothing: there is no such folder; see: zoo runs",
            3,
            LEFT,
        ),
        "resume",
        "./nothing",
    ),
    case(
        (
            206,
            "`zoo resume ./run`, a complete one",
            "Error: run is complete; to train it further: zoo resume ./run --epochs …",
            6,
            "the run as it was",
        ),
        "resume",
        "./run",
    ),
    case(
        (
            207,
            "`zoo generate lstm-embed.python-docs --prompt The --prompt é`",
            f"Error: prompt 2 of 2: {UNKNOWN}",
            6,
            LEFT,
        ),
        "generate",
        "lstm-embed.python-docs",
        "--prompt",
        "The",
        "--prompt",
        "é",
    ),
    case(
        (
            208,
            "`zoo evaluate ./bad`, whose weights were altered",
            "Error: bad/model.safetensors has sha256 …, the manifest says …; copy or download it "
            "again",
            4,
            "the file as it was",
        ),
        "evaluate",
        "./bad",
    ),
    case(
        (
            209,
            "`zoo pull hub:owner/hello`, with HF_HUB_OFFLINE set",
            "Error: cannot ask the Hub about owner/hello: HF_HUB_OFFLINE is set; unset it",
            5,
            LEFT,
        ),
        "pull",
        "hub:owner/hello",
    ),
]


@pytest.fixture
def place(hello: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a run, an altered copy of it and a file of settings; a run called foxes."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(hello, tmp_path / "run")
    shutil.copytree(hello, runs_folder() / "foxes")
    weights = shutil.copytree(hello, tmp_path / "bad") / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    (tmp_path / "my.toml").write_text("[model]\nhiden_size = 8\n", "utf-8")
    return tmp_path


def _files(*folders: Path) -> dict[Path, bytes]:
    """Returns the content of every file below some folders."""
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in paths}


@pytest.mark.parametrize(
    "arguments", [pytest.param(m.values, marks=m.marks, id=m.id) for m in MISTAKES]
)
def test_a_mistake_is_one_line_with_what_was_meant_and_leaves_nothing(
    arguments: tuple[object, ...], place: Path, zoo: Zoo, met: Met
) -> None:
    before = _files(place, runs_folder())
    met(zoo(*arguments))
    assert _files(place, runs_folder()) == before
