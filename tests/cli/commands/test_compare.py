"""``zoo compare`` over runs that are there already, and over models that it trains."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Zoo
from tests.faults.child import Child
from tests.runtime.sweeps.in_process import InProcessEngine
from tests.runtime.sweeps.part_of_sweep import write_part_of_sweep
from zoo_cli.terminal.signals import STOPPING
from zoo_core.comparisons.turns import read_turns
from zoo_core.errors import MisfitError
from zoo_core.runtime.comparisons import contest
from zoo_core.runtime.sweeps.local_engine import LocalEngine
from zoo_core.storage.locations import zoo_home
from zoo_core.sweeps.run_states import record_failure


def change(folder: Path, **values: Any) -> None:
    """Changes fields of a manifest."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.fixture
def runs(hello: Path, tmp_path: Path) -> Path:
    """A folder of three runs that differ in their seeds alone."""
    for seed in range(3):
        folder = shutil.copytree(hello, tmp_path / "runs" / f"seed={seed}")
        change(folder, seed=seed)
    return tmp_path / "runs"


def test_a_folder_of_runs_is_one_row_and_a_pretrained_one_another(zoo: Zoo, runs: Path) -> None:
    result = zoo("compare", runs, "gru-embed", "--json")
    assert result.code == 0
    rows = {row["model"]: row for row in result.json["rows"]}
    assert rows["lstm-embed"]["seeds"] == "0 1 2"
    assert len(rows["lstm-embed"]["runs"]) == 3
    assert rows["gru-embed"]["seeds"] == "0"


def test_the_table_comes_with_curves_and_notes(zoo: Zoo, runs: Path) -> None:
    result = zoo("compare", runs, "--target", 1)
    assert result.code == 0
    header, row, *_ = result.stdout.splitlines()
    assert header.split()[:2] == ["model", "parameters"]
    assert "reached 1  tokens to 1" in result.stdout
    assert row.startswith("lstm-embed.hello  316")
    assert "a lstm-embed" in result.stdout
    assert "times are left out" in result.stderr


def test_csv_has_documented_columns(zoo: Zoo, runs: Path) -> None:
    header, row = zoo("compare", runs, "--csv").stdout.splitlines()
    assert header.startswith("model,recipe,differences,seeds,parameters,tokens,seconds,")
    assert row.startswith("lstm-embed,lstm-embed.hello,,0 1 2,316,")


def test_the_runs_that_a_sweep_lacks_are_named_beside_the_table(
    zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    sweep = write_part_of_sweep(tmp_path / "s", hello, (0, 1, 2))
    expected = (
        f"{sweep} lacks 2 of the runs that it was asked for: seed=1, seed=2; see: "
        f"zoo runs --sweep {sweep}"
    )
    result = zoo("compare", sweep)
    assert result.code == 0
    assert expected in result.stderr.splitlines()
    result = zoo("compare", sweep, "--json")
    assert result.json["remarks"] == [expected]
    (row,) = result.json["rows"]
    assert row["seeds"] == "0"


def test_a_repeated_run_counts_once(zoo: Zoo, runs: Path, hello: Path) -> None:
    result = zoo("compare", runs, hello, "--json")
    (row,) = result.json["rows"]
    assert row["seeds"] == "0 1 2"
    assert result.json["remarks"] == [
        f"{hello} repeats {runs / 'seed=0'} and is counted once",
    ]


def test_a_damaged_run_among_others_is_left_out_by_name(zoo: Zoo, runs: Path) -> None:
    (runs / "seed=1" / "config.json").write_text("<html>")
    result = zoo("compare", runs)
    assert result.code == 0
    assert f"{runs / 'seed=1' / 'config.json'}: it is a web page" in result.stderr


def _wrong(hello: Path, tmp_path: Path) -> Iterator[tuple[list[object], int, str]]:
    other = shutil.copytree(hello, tmp_path / "other")
    change(other, fingerprint="0" * 64)
    damaged = shutil.copytree(hello, tmp_path / "damaged")
    (damaged / "config.json").write_text("<html>")
    yield [hello, other], 6, "are on different data of hello"
    yield [hello, "gru-embed.python-docs"], 6, "metrics of different data do not compare"
    yield [damaged], 4, "it is a web page"
    yield [tmp_path / "nothing"], 3, "it is no folder"
    yield ["gru-embd"], 3, "did you mean gru-embed"
    yield [hello, "--metric", "acuracy"], 3, "did you mean accuracy"
    yield [hello, "--json", "--csv"], 2, "exclude each other"
    yield [hello, "--target", "nan"], 2, "nan is not in the range"
    yield [], 2, "REFERENCE"


def test_what_cannot_be_compared_is_refused_before_anything_is_trained(
    zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    damaged = shutil.copytree(hello, tmp_path / "damaged")
    (damaged / "config.json").write_text("<html>")
    on_other_data = shutil.copytree(hello, tmp_path / "other")
    change(on_other_data, dataset="zoo-text:text")
    training = ("lstm-embed.hello", "--seeds", 0, "--epochs", 1)
    for reference, code, message in (
        (tmp_path / "nothing", 3, "it is no folder"),
        (damaged, 4, "it is a web page"),
        (on_other_data, 6, "would be trained on hello: metrics of different data do not"),
        (hello, 3, "no common metric 'acuracy'; did you mean accuracy?"),
    ):
        result = zoo("compare", *training, reference, "--metric", "acuracy")
        assert (result.code, result.stdout) == (code, "")
        assert len(result.stderr.splitlines()) == 1, result.stderr
        assert message in result.stderr
    assert not list(zoo_home().glob("comparisons/*"))


def test_what_cannot_be_compared_is_refused_in_one_line(
    zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    for arguments, code, message in _wrong(hello, tmp_path):
        result = zoo("compare", *arguments)
        assert result.code == code, arguments
        assert message in result.stderr, result.stderr


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Arguments that train two small models on a word, in this process."""
    monkeypatch.setattr("zoo_core.runtime.comparisons.contest.LocalEngine", InProcessEngine)
    return ["compare", "rnn-embed", "gru-embed", "--dataset", "hello", "--epochs", 3]


def test_models_take_turns_and_have_times(zoo: Zoo, quick: list[object], isolation: Path) -> None:
    result = zoo(*quick, "--seeds", "0,1", "--threads", 1)
    assert result.code == 0
    (folder,) = (isolation / "comparisons").iterdir()
    assert list(read_turns(folder).runs) == [
        "seed=0,model=rnn-embed",
        "seed=0,model=gru-embed",
        "seed=1,model=rnn-embed",
        "seed=1,model=gru-embed",
    ]
    header, *_ = result.stdout.splitlines()
    assert "seconds  tokens/s" in header
    assert "times are left out" not in result.stderr


def test_the_same_command_trains_nothing_and_a_new_model_or_seed_only_itself(
    zoo: Zoo, quick: list[object]
) -> None:
    assert zoo(*quick, "--seeds", 0).code == 0
    again = zoo(*quick, "--seeds", 0, "--json")
    assert "2 finished before, 0 to train" in again.stderr
    assert again.json["rows"][0]["seconds"] is not None
    more = zoo(*quick[:3], "lstm-embed", *quick[3:], "--seeds", "0-1", "--json")
    assert "6 runs, 2 finished before, 4 to train" in more.stderr
    assert {row["seeds"] for row in more.json["rows"]} == {"0 1"}
    # seed 0 was trained in two sessions, seed 1 in one
    assert all(row["seconds"] is not None for row in more.json["rows"])
    mixed = zoo(*quick[:3], "lstm-embed", *quick[3:], "--seeds", 0, "--json")
    assert all(row["seconds"] is None for row in mixed.json["rows"])


def test_a_budget_of_tokens_ends_every_run_at_the_same_token(zoo: Zoo, quick: list[object]) -> None:
    result = zoo(*quick[:-2], "--tokens", 42, "--seeds", 3, "--json")
    assert {row["tokens"] for row in result.json["rows"]} == {45}  # nine epochs of five symbols
    assert {row["seeds"] for row in result.json["rows"]} == {"3"}


def test_a_metric_that_finished_runs_lack_is_refused_before_the_others_are_trained(
    zoo: Zoo, quick: list[object]
) -> None:
    assert zoo(*quick, "--seeds", 0).code == 0
    result = zoo(*quick, "--seeds", "0,1", "--metric", "unknown_share")
    assert (result.code, result.stdout) == (3, "")
    assert result.stderr.startswith("Error: the runs have no common metric 'unknown_share'; ")
    assert "begins" not in result.stderr


def test_a_metric_of_data_that_cannot_be_read_is_left_to_the_training(
    zoo: Zoo, tmp_path: Path
) -> None:
    data = ["--dataset", "text", "--dataset.path", tmp_path / "none.txt", "--epochs", 1]
    result = zoo("compare", "rnn-embed", *data, "--seeds", 0, "--metric", "nothing")
    assert (result.code, "cannot read" in result.stderr) == (6, True)


def test_a_failed_run_is_named_and_the_others_are_compared(zoo: Zoo, quick: list[object]) -> None:
    settings = ["--model.hidden-size", 3, "--trainer.learning-rate", 1e30, "--trainer.clip-norm"]
    result = zoo(*quick, "--seeds", 0, *settings, "none", "--trainer.optimizer", "SGD")
    assert result.code in (1, 6)
    assert "seed=0,model=rnn-embed failed:" in result.stderr


def test_data_that_cannot_be_read_are_refused_before_the_first_run(
    zoo: Zoo, isolation: Path, tmp_path: Path
) -> None:
    data = ["--dataset", "text", "--dataset.path", tmp_path / "none.txt", "--epochs", 1]
    result = zoo("compare", "rnn-embed", "gru-embed", *data, "--seeds", "0-1")
    (*_, line) = result.stderr.splitlines()
    assert result.code == 6
    assert line.startswith(f"Error: cannot read {tmp_path / 'none.txt'}: ")
    assert "begins" not in result.stderr
    assert not list(isolation.rglob("sweep.toml"))


def test_runs_and_models_are_compared_together(zoo: Zoo, quick: list[object], hello: Path) -> None:
    result = zoo(*quick, hello, "--seeds", 0, "--json")
    assert {row["model"] for row in result.json["rows"]} == {"rnn-embed", "gru-embed", "lstm-embed"}


@pytest.mark.gate
def test_files_are_written_into_a_folder_of_a_comparison_alone(
    zoo: Zoo, runs: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        assert zoo("compare", runs, "--out", out).code == 0
    names = {path.name for path in out.iterdir()}
    assert {f"comparison.{ending}" for ending in ("json", "csv", "md", "png")} <= names
    refused = zoo("compare", runs, "--out", runs)
    assert refused.code == 6
    assert "holds files that the zoo did not make" in refused.stderr
    (out / "comparison.png").unlink()
    (out / "comparison.png").symlink_to(runs)
    assert "is a link" in zoo("compare", runs, "--out", out).stderr


def test_of_the_files_of_a_comparison_all_are_written_or_none(
    zoo: Zoo, runs: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (out / "comparison.md").mkdir(parents=True)
    (out / "comparison.json").write_text('{"metric": "", "rows": [], "remarks": []}')
    before = (out / "comparison.json").read_bytes()
    result = zoo("compare", runs, "--out", out)
    assert (result.code, result.stdout) == (6, "")
    assert result.stderr.startswith(f"Error: cannot write {out / 'comparison.md'}: ")
    assert {path.name for path in out.iterdir()} == {"comparison.md", "comparison.json"}
    assert (out / "comparison.json").read_bytes() == before


def test_a_page_that_cannot_be_made_leaves_no_file_of_the_comparison(
    zoo: Zoo, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise MisfitError("no page of this")

    monkeypatch.setattr("zoo_cli.commands.compare._page", refuse)
    result = zoo("compare", runs, "--out", tmp_path / "out")
    assert (result.code, result.stderr) == (6, "Error: no page of this\n")
    assert not (tmp_path / "out").exists()


def test_what_a_killed_comparison_left_does_not_stop_the_next(
    zoo: Zoo, runs: Path, tmp_path: Path
) -> None:
    left = tmp_path / "out" / ".comparison.json.0123abcd.tmp"
    left.parent.mkdir()
    left.write_text("half")
    assert zoo("compare", runs, "--out", left.parent).code == 0
    assert not left.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["rnn-embed", "--budget", "2s", "--tokens", "9"], 2, "--budget and --tokens exclude"),
        (["rnn-embed", "--dataset", "names"], 2, "--dataset is for training"),
        (["./folder", "--seeds", "0"], 2, "--seeds: name a model or a recipe to train"),
        (["rnn-embd", "--seeds", "0"], 3, "did you mean rnn-embed"),
        (["rnn-embed", "--seeds", "3-1"], 2, "write 0-4, 0,1,2"),
        (["rnn-embed", "--seeds", "0", "--model.hiden-size", "3"], 2, "--model.hidden-size"),
        (["rnn-embed", "--seeds", "0", "--model.hidden-size", "0"], 6, "expected an integer >= 1"),
        (["rnn-embed", "gru-embed.names", "--seeds", "0"], 6, "name one dataset for all"),
        (["rnn-embed", "--seeds", "0", "--metric", "acuracy"], 3, "did you mean accuracy?"),
        (["rnn-embed", "--seeds", "0", "--metric", "nothing"], 3, "there are loss, cross"),
        (["rnn-embed", "--seeds", "0", "--metric", "tset.loss"], 3, "no metric 'tset.loss'; did"),
        (["rnn-embed", "--seeds", "0", "--metric", "test.loss"], 3, "no metric 'test.loss'; did"),
        (["rnn-embed", "--seeds", "0", "--metric", "x", "--matrix"], 3, "has no metric 'x'"),
    ],
)
def test_a_contest_that_cannot_be_held_trains_nothing(
    zoo: Zoo, arguments: list[str], code: int, message: str, isolation: Path
) -> None:
    result = zoo("compare", *arguments)
    assert result.code == code
    assert message in result.stderr
    assert not (isolation / "comparisons").exists()


def test_help_shows_the_settings_that_all_models_have(zoo: Zoo) -> None:
    text = zoo("compare", "rnn-cell", "lstm-embed", "--seeds", 0, "--help").stdout
    assert "--model.hidden-size" in text
    assert "--model.embedding-size" not in text


def in_processes() -> None:
    """Trains in processes, in a forked command that has the engine of the test."""
    vars(contest)["LocalEngine"] = LocalEngine


@pytest.mark.gate
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform cannot fork")
def test_a_comparison_that_is_interrupted_continues_and_its_broken_round_has_no_times(
    zoo: Zoo, quick: list[object], tmp_path: Path
) -> None:
    words = ["compare", "rnn-embed", "gru-embed", "--dataset", "python-docs", "--seeds", "0,1"]
    sizes = ["--dataset.limit", 4000, "--model.hidden-size", 4, "--threads", 1]
    arguments = [*words, *sizes, "--tokens", 20_000, "--trainer.batch-size", 2]
    output = tmp_path / "output"
    child = Child(output, tuple(arguments), in_processes)
    deadline = time.monotonic() + 120
    while "model=gru-embed: begins" not in (output / "stderr").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    child.send(signal.SIGINT)
    interrupted = child.wait(120)
    assert interrupted.code == 130
    assert "to continue: zoo compare rnn-embed" in interrupted.stderr
    assert interrupted.stderr.count(STOPPING) == 1
    result = zoo(*arguments, "--json")
    assert result.code == 0, result.stderr
    assert "4 runs, 1 finished before, 3 to train" in result.stderr
    for row in result.json["rows"]:
        assert row["seeds"] == "0 1"
        assert 20_000 <= row["tokens"] < 20_128  # the last step is whole
        assert row["seconds"] is not None, "the second round took turns"
    alone = zoo(*arguments[:5], *["--seeds", "0"], *arguments[7:], "--json")
    assert all(row["seconds"] is None for row in alone.json["rows"])


def test_a_run_that_failed_is_left_out_with_its_reason(
    zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    shutil.copytree(hello, tmp_path / "a")
    failed = shutil.copytree(hello, tmp_path / "b")
    (failed / "config.json").unlink()
    record_failure(failed, "loss nan", 8)
    result = zoo("compare", tmp_path)
    assert (result.code, f"{failed} failed: loss nan\n" in result.stderr) == (0, True)


def test_a_run_that_saved_nothing_stops_no_comparison(
    zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    shutil.copytree(hello, tmp_path / "a")
    (tmp_path / "b" / "state").mkdir(parents=True)
    result = zoo("compare", tmp_path)
    assert (result.code, f"no checkpoint in {tmp_path / 'b'}" in result.stderr) == (0, True)
