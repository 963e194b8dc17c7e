"""``zoo sweep`` and ``zoo runs --sweep``."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.runtime.sweeps.in_process import InProcessEngine
from zoo_cli.terminal.signals import STOPPING, GracefulInterrupt
from zoo_core.run_folder.manifest import SWEEP
from zoo_core.runtime.sweeps import sweep as sweeps
from zoo_core.sweeps.folder import lock_sweep_folder

TINY = ("rnn-cell.hello", "--trainer.epochs", 2)
REGISTRY = """schema = 1

[plugins.zoo-owl]
distribution = "zoo-plugin-owl"
engines = ["owls"]
"""
SIZES = ("--model.hidden-size", "3,4")


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> InProcessEngine:
    """Trains in this process in the place of new ones."""
    engine = InProcessEngine()
    monkeypatch.setattr(sweeps, "LocalEngine", lambda processes: engine)
    return engine


@pytest.mark.gate
def test_a_sweep_trains_in_processes_what_train_makes(zoo: Zoo, tmp_path: Path) -> None:
    out = tmp_path / "s"
    result = zoo("sweep", *TINY, *SIZES, "--out", out, "--json")
    assert result.code == 0, result.stderr
    answer = result.json
    assert (answer["sweep"], answer["threads"]) == (str(out), 1)
    assert [run["name"] for run in answer["runs"]] == [
        "seed=0,hidden-size=3",
        "seed=0,hidden-size=4",
    ]
    first = answer["runs"][0]
    assert first["settings"] == {"model.hidden_size": 3}
    assert (first["state"], first["trained"], first["epochs"]) == ("finished", True, 2)
    assert first["metrics"]["train"]["loss"] > 0
    alone = tmp_path / "alone"
    flags = ("--model.hidden-size", 3, "--seed", 0, "--threads", 1, "--out", alone)
    assert zoo("train", *TINY, *flags).code == 0
    for file in ("model.safetensors", "config.json", "history.jsonl", "README.md"):
        assert (out / first["name"] / file).read_bytes() == (alone / file).read_bytes()


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (["sweep", *TINY], ["--threads", 1, "--out"]),
        (["compare", "rnn-cell.hello", "--epochs", 2], ["--threads", 1, "--out"]),
        (["reproduce", "rnn-cell.hello"], ["--threads", 1, "--checkpoints"]),
    ],
)
def test_a_sweep_that_is_interrupted_says_saved_only_if_something_is(
    zoo: Zoo,
    in_process: InProcessEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[object],
    options: list[object],
) -> None:
    def interrupted(seeds: str) -> list[str]:
        with monkeypatch.context() as patch:
            stop = lambda self: setattr(self, "signal", signal.SIGINT)  # noqa: E731
            patch.setattr(GracefulInterrupt, "enable", stop)
            result = zoo(*command, "--seeds", seeds, *options, tmp_path / "s")
        assert result.code == 128 + signal.SIGINT
        assert STOPPING not in result.stderr
        return [line for line in result.stderr.splitlines() if "; to " in line]

    typed = shlex.join(str(word) for word in ["zoo", *command, "--seeds"])
    (line,) = interrupted("0")
    assert line.startswith(f"stopped before a run had made a step; to start again: {typed}")
    assert not in_process.started
    assert zoo(*command, "--seeds", "0", *options, tmp_path / "s").code in (0, 1)
    (line,) = interrupted("0,1")
    assert line.startswith(f"saved; to continue: {typed}")


def test_the_same_command_trains_nothing_and_lists_the_runs(
    zoo: Zoo, in_process: InProcessEngine
) -> None:
    first = zoo("sweep", *TINY, *SIZES, "--threads", 1)
    assert first.code == 0
    assert first.stdout.splitlines()[1].startswith("seed=0,hidden-size=3  finished  train loss ")
    again = zoo("sweep", *TINY, *SIZES)
    assert again.stdout == first.stdout
    assert "2 runs, 2 finished before, 0 to train, with 1 thread each: " in again.stderr
    assert len(in_process.started) == 2
    folder = first.stdout.splitlines()[-1].removeprefix("sweep: ")
    listed = zoo("runs", "--sweep", folder)
    assert listed.stdout.splitlines() == first.stdout.splitlines()[:-1]
    more = zoo("sweep", *TINY, "--model.hidden-size", "4,5", "--seeds", "0-1", "--json").json
    assert more["sweep"] == folder
    assert [run["name"] for run in more["runs"] if run["trained"]] == in_process.started[2:]
    assert in_process.started[2:] == [
        "seed=0,hidden-size=5",
        "seed=1,hidden-size=4",
        "seed=1,hidden-size=5",
    ]


@pytest.mark.usefixtures("in_process")
def test_a_failed_run_is_listed_and_exit_1(zoo: Zoo, tmp_path: Path) -> None:
    rates = ("--trainer.optimizer", "SGD", "--trainer.clip-norm", "none")
    args = (
        "rnn-cell.hello",
        "--trainer.epochs",
        3,
        *rates,
        "--trainer.learning-rate",
        "1e38,0.1",
        "--out",
        tmp_path / "s",
    )
    result = zoo("sweep", *args, "--threads", 1, "--json")
    assert result.code == 1, result.stderr
    assert [run["state"] for run in result.json["runs"]] == ["failed", "finished"]
    assert "seed=0,learning-rate=1e+38 failed: " in result.stderr
    listed = zoo("runs", "--sweep", tmp_path / "s")
    assert listed.code == 0
    assert "seed=0,learning-rate=1e+38 failed: " in listed.stderr


def test_each_printed_command_makes_its_run(
    zoo: Zoo, in_process: InProcessEngine, tmp_path: Path
) -> None:
    out = tmp_path / "a sweep"
    args = ("sweep", *TINY, *SIZES, "--trainer.momentum", 0.5, "--budget", "90s", "--out", out)
    printed = zoo(*args, "--threads", 1, "--print-jobs")
    assert printed.code == 0
    assert not in_process.started
    commands = [shlex.split(line) for line in printed.stdout.splitlines()]
    assert [words[:3] for words in commands] == [["zoo", "train", "rnn-cell.hello"]] * 2
    assert zoo(*commands[0][1:]).code == 0
    assert zoo(*args, "--json").json["runs"][0]["trained"] is False
    assert in_process.started == ["seed=0,hidden-size=4"]
    assert zoo(*args, "--print-jobs").stdout == ""


def test_random_settings_are_drawn_by_a_rule(
    zoo: Zoo, in_process: InProcessEngine, tmp_path: Path
) -> None:
    ranges = ("--model.hidden-size", "int:3..9", "--trainer.learning-rate", "log:1e-3..1e-1")
    args = ("sweep", *TINY, *ranges, "--threads", 1, "--out", tmp_path / "s")
    names = [run["name"] for run in zoo(*args, "--random", 2, "--json").json["runs"]]
    assert names == [
        "seed=0,hidden-size=9,learning-rate=0.001745",
        "seed=0,hidden-size=4,learning-rate=0.008383",
    ]
    assert len(zoo(*args, "--random", 3, "--json").json["runs"]) == 3
    assert in_process.started[:2] == names
    assert len(in_process.started) == 3


def test_a_list_of_paths_is_one_value_and_loggers_are_passed_on(
    zoo: Zoo, in_process: InProcessEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b,c.txt"):
        Path(name).write_text("some words to learn from\n" * 30)
    sizes = ("--model.hidden-size", 4, "--trainer.epochs", 1, "--trainer.batch-size", 4)
    args = ("gru-embed", "--dataset", "text", *sizes, "--dataset.steps", "6,8", "--out", "s")
    paths = ("--dataset.path", "a.txt", "--dataset.path", "b,c.txt", "--logger", "csv")
    printed = zoo("sweep", *args, *paths, "--threads", 1, "--print-jobs").stdout.splitlines()
    assert all(line.count("--dataset.path") == 2 for line in printed)
    result = zoo("sweep", *args, *paths, "--json")
    assert result.code == 0, result.stderr
    assert in_process.started == ["seed=0,steps=6", "seed=0,steps=8"]
    assert len(list(Path("s").glob("*/logs/csv/*"))) >= 2
    assert str(tmp_path) not in Path("s/seed=0,steps=6/config.json").read_text()
    unknown = zoo("sweep", *args, *paths, "--logger", "cvs")
    assert (unknown.code, "no logger 'cvs'" in unknown.stderr) == (3, True)


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("--model.hidden-size", "int:3..9"), 2, "int:3..9: a range needs --random N"),
        (("--model.hidden-size", "3..9"), 2, "3..9: a range needs --random N"),
        (("--model.hidden-size", "3..9", "--random", 2), 6, "'3..9': expected a range such as"),
        (("--random", 2), 2, "--random draws from ranges and lists: add one"),
        (("--seed", 1, "--seeds", "0-1"), 2, "--seed and --seeds exclude each other"),
        (("--seeds", "3-1"), 2, "'3-1': write 0-4, 0,1,2 or 0-2,7"),
        (("--seeds", "0-99999"), 2, "at most 10,000 seeds"),
        (("--model.hidden-size", "3,x"), 6, "--model.hidden-size = 'x': expected an integer >= 1"),
        (("--model.hidden-size", "3,"), 6, "--model.hidden-size = '': expected an integer >= 1"),
        (("--model.hidden-size", "int:9..3", "--random", 2), 6, "must be below the second"),
        (("--model.hiden-size", "3,4"), 2, "did you mean --model.hidden-size"),
        (("--jobs", 0), 2, "0 is not in the range"),
        (("--unknown", "skip"), 2, "--unknown needs --from"),
        (("--engine", "locl"), 3, "no engine 'locl'; did you mean local?"),
    ],
)
def test_a_wrong_command_line_trains_nothing(
    zoo: Zoo, tmp_path: Path, args: tuple[object, ...], code: int, message: str
) -> None:
    out = tmp_path / "s"
    result = zoo("sweep", *TINY, *args, "--out", out)
    assert (result.code, result.stdout, out.exists()) == (code, "", False)
    assert message in result.stderr


def test_a_known_engine_that_is_not_installed_is_exit_7(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "registry.toml").write_text(REGISTRY)
    monkeypatch.setenv("ZOO_REGISTRY", str(tmp_path / "registry.toml"))
    for command in ("sweep", "compare", "reproduce"):
        args = ("--seeds", 0, "--engine", "owls", "--out", tmp_path / "s")
        result = zoo(command, "rnn-cell.hello", *args)
        assert (result.code, (tmp_path / "s").exists()) == (7, False)
        assert result.stderr.endswith(
            "Error: the engine owls comes with zoo-plugin-owl: zoo plugins install zoo-plugin-owl\n"
        )


def test_the_engine_of_this_machine_has_a_name(zoo: Zoo, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "s")
    assert zoo("sweep", *TINY, "--engine", "local", "--print-jobs", *out).code == 0
    (row,) = [row for row in zoo("plugins", "--json").json if row["name"] == "zoo-cli"]
    assert row["contributes"]["engine"] == ["local"]


def test_a_folder_that_is_in_use_or_not_of_a_sweep_is_refused(zoo: Zoo, tmp_path: Path) -> None:
    with lock_sweep_folder(tmp_path / "s"):
        result = zoo("sweep", *TINY, "--threads", 1, "--out", tmp_path / "s")
    assert (result.code, result.stdout) == (6, "")
    assert "is in use by process" in result.stderr
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").touch()
    result = zoo("sweep", *TINY, "--threads", 1, "--out", tmp_path / "notes")
    assert (result.code, [path.name for path in (tmp_path / "notes").iterdir()]) == (6, ["a.txt"])
    assert "holds files that are not of a sweep" in result.stderr


def test_a_folder_without_a_sweep_has_no_runs_to_list(zoo: Zoo, tmp_path: Path) -> None:
    result = zoo("runs", "--sweep", tmp_path)
    assert (result.code, f"no sweep in {tmp_path}: it has no {SWEEP}" in result.stderr) == (3, True)


FILE = """
threads = 1
trainer = {{ epochs = 1 }}
[rows]
rnn.model = {{ name = "rnn-cell", hidden_size = 3 }}
gru.model = {{ name = "gru-manual", hidden_size = 3 }}
[columns]
hello.dataset = {{ name = "hello" }}
parity = {{ dataset = {{ name = "parity", per = "step", examples = 64, held_out = 8 }}{more} }}
"""


def test_a_file_is_swept_continued_by_its_folder_and_compared_as_a_matrix(
    zoo: Zoo, in_process: InProcessEngine, tmp_path: Path
) -> None:
    file, out = tmp_path / "asked.toml", tmp_path / "s"
    file.write_text(FILE.format(more=""))
    first = zoo("sweep", file, "--out", out)
    assert first.code == 0, first.stderr
    assert in_process.started == [
        f"seed=0,{name}" for name in ("rnn.hello", "rnn.parity", "gru.hello", "gru.parity")
    ]
    (out / "seed=0,gru.parity" / "config.json").unlink()
    assert zoo("sweep", f"{out}/", "--json").code == 0
    assert in_process.started[4:] == ["seed=0,gru.parity"]
    more = zoo("sweep", out / SWEEP, "--seeds", "0-1", "--print-jobs")
    folders = [shlex.split(line)[-1] for line in more.stdout.splitlines()]
    assert [Path(folder).name for folder in folders] == [
        f"seed=1,{name}" for name in ("rnn.hello", "rnn.parity", "gru.hello", "gru.parity")
    ]
    result = zoo("compare", f"{out}/", "--matrix", "--metric", "train.accuracy", "--json")
    assert result.code == 0, result.stderr
    assert result.json["rows"] == ["rnn-cell", "gru-manual"]
    assert result.json["columns"] == ["hello", "parity"]
    shown = zoo(
        "compare", f"{out}/", "--matrix", "--metric", "train.loss", "--out", tmp_path / "files"
    )
    assert shown.stdout.splitlines()[0] == "loss"
    assert {path.suffix for path in (tmp_path / "files").iterdir()} == {
        ".json",
        ".csv",
        ".md",
        ".png",
        ".svg",
    }


def test_what_a_file_says_is_not_typed_beside_it(zoo: Zoo, tmp_path: Path) -> None:
    file = tmp_path / "asked.toml"
    file.write_text(FILE.format(more=""))
    result = zoo("sweep", file, "--dataset", "hello")
    assert result.code == 2
    assert "--dataset does not go with" in result.stderr
    result = zoo("sweep", file, "--trainer.epochs", 3)
    assert result.code == 6
    assert "--trainer.epochs: the settings of this sweep are those in" in result.stderr
    file.write_text(FILE.format(more=", trainer = { epochs = 0 }"))
    result = zoo("sweep", file)
    assert result.code == 6
    assert "rnn.parity: trainer.epochs = " in result.stderr
    assert zoo("sweep", tmp_path / "no.toml").code == 3
    assert zoo("compare", f"{tmp_path}/", "--matrix", "--target", 1).code == 2
