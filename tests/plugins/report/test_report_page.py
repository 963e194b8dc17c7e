"""``zoo report``: what the page holds, and which files it replaces."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import PROGRAM, Zoo
from tests.plugins.report.conftest import Report, WriteRun
from tests.runtime.sweeps.in_process import InProcessEngine
from tests.runtime.sweeps.part_of_sweep import write_part_of_sweep
from zoo_core.runtime.sweeps import sweep as sweeps
from zoo_core.sweeps.run_states import record_failure

pytestmark = pytest.mark.full
HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
MAX_BYTES = 2_000_000


@pytest.fixture
def runs(new_run: WriteRun, tmp_path: Path) -> list[Path]:
    """Two learning rates with three seeds each."""
    return [
        new_run(tmp_path / f"seed={seed},rate={rate}", seed=seed, rate=rate)
        for rate in (0.01, 0.03)
        for seed in range(3)
    ]


def test_runs_that_differ_in_their_seeds_share_a_curve_with_its_spread(
    report: Report, runs: list[Path]
) -> None:
    page = report(*runs)
    assert page.data["labels"] == ["lstm-embed learning_rate=0.01", "lstm-embed learning_rate=0.03"]
    rows = [
        row for row in page.chart("loss") if row["split"] == "validation" and row["series"] == 1
    ]
    assert [row["epoch"] for row in rows] == list(range(1, 21))
    losses = [
        json.loads((run / "history.jsonl").read_text().splitlines()[4])["metrics"]
        for run in runs[3:]
    ]
    values = [metrics["validation"]["loss"] for metrics in losses]
    assert rows[4]["mean"] == pytest.approx(statistics.fmean(values), rel=1e-5)
    assert rows[4]["deviation"] == pytest.approx(statistics.stdev(values), rel=1e-5)
    assert (rows[4]["tokens"], rows[4]["seconds"], rows[4]["seeds"]) == (25, 0.25, 3)


def test_the_results_are_means_with_their_deviation(report: Report, runs: list[Path]) -> None:
    text = report(*runs).text
    assert "6 runs, 2 settings" in text
    assert "0.9187 ± 0.1" in text  # exp(-0.01 * 20) + 0.1, of the seeds 0, 1 and 2
    assert "316" in text  # parameters


def test_the_runs_that_a_sweep_lacks_are_named_on_the_page(
    report: Report, hello: Path, tmp_path: Path
) -> None:
    page = report(write_part_of_sweep(tmp_path / "s", hello, (0, 1, 2)))
    assert "s lacks 2 of the runs that it was asked for: seed=1, seed=2; see: zoo runs" in page.text
    assert str(tmp_path) not in page.text


def test_a_run_without_logs_and_with_one_seed_has_no_spread(
    report: Report, new_run: WriteRun, tmp_path: Path
) -> None:
    page = report(new_run(tmp_path / "old"))
    assert {row["deviation"] for row in page.chart("loss")} == {None}
    assert {chart["section"] for chart in page.data["charts"]} == {"epochs"}
    assert "Generated text" not in page.text


def test_steps_and_samples_are_shown_where_a_run_has_them(
    report: Report, new_run: WriteRun, tmp_path: Path
) -> None:
    samples = tuple(f"sample {number}" for number in range(30))
    page = report(new_run(tmp_path / "new", steps=50, samples=samples))
    rows = page.chart("gradient_norm", "steps")
    assert [row["mean"] for row in rows] == [1.0 + step % 7 for step in range(1, 51)]
    assert page.chart("learning_rate", "steps")[-1]["mean"] == pytest.approx(0.01 / 50, rel=1e-5)
    assert "sample 0 " in page.text
    assert "sample 29" in page.text
    assert page.text.count("sample ") <= 12


def test_many_steps_are_means_of_intervals(
    report: Report, new_run: WriteRun, tmp_path: Path
) -> None:
    rows = report(new_run(tmp_path / "long", steps=2400)).chart("gradient_norm", "steps")
    assert len(rows) == 240
    assert [row["step"] for row in rows] == list(range(10, 2401, 10))
    first = [1.0 + step % 7 for step in range(1, 11)]
    assert rows[0]["mean"] == pytest.approx(statistics.fmean(first), rel=1e-5)


def test_settings_that_differ_are_marked_and_those_that_do_not_are_apart(
    report: Report, runs: list[Path]
) -> None:
    html = report(*runs).html
    differences, _, same = html.partition("Settings that all share")
    assert '<th scope="row">trainer.learning-rate</th><td>0.01</td><td class="other">0.03</td>' in (
        differences
    )
    assert "<dt>trainer.learning-rate</dt>" not in same
    assert "<dt>model.hidden-size</dt><dd>4</dd>" in same


def test_the_commands_of_the_page_have_the_settings_of_the_runs(
    report: Report, zoo: Zoo, new_run: WriteRun, tmp_path: Path
) -> None:
    run = new_run(tmp_path / "run", seed=2, rate=0.03)
    page = report(run)
    (command,) = [text for text in page.texts if text.startswith("zoo train")]
    assert "lstm-embed.hello --trainer.epochs 20 --trainer.learning-rate 0.03 --seed 2" in command
    printed = zoo(*command.split()[1:], "--print-config")
    assert printed.code == 0
    assert printed.stdout in [text for text in page.texts if text.startswith("seed = 2")]


def test_the_page_names_hardware_and_versions(
    report: Report, new_run: WriteRun, tmp_path: Path
) -> None:
    folder = new_run(tmp_path / "run")
    machine = folder / "state" / "machine.json"
    assert json.loads(machine.read_text()).keys() == {"processor", "cores", "system"}
    machine.write_text('{"processor": "Abacus 9", "cores": "3", "odd": 1}')
    html = report(folder).html
    for name, value in {"processor": "Abacus 9", "cores": "3", "threads": "1"}.items():
        assert f"<dt>{name}</dt><dd>{value}</dd>" in html
    assert "<dt>torch</dt>" in html
    machine.write_text("[]")
    assert "<dt>processor</dt>" not in report(folder).html


def test_a_run_of_a_plugin_that_is_not_installed_is_repeated_from_its_settings(
    report: Report, runs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-report")
    assert "zoo train lstm-embed.hello --config settings.toml --seed 0" in report(runs[0]).text


def test_the_same_runs_give_the_same_bytes_in_another_process(
    zoo: Zoo, runs: list[Path], tmp_path: Path
) -> None:
    here, there = (
        ["report", *map(str, runs), "--to", str(tmp_path / n)] for n in ("a.html", "b.html")
    )
    assert zoo(*here).code == 0
    subprocess.run(
        [sys.executable, "-c", PROGRAM, *there],
        check=True,
        capture_output=True,
        env=os.environ | {"PYTHONHASHSEED": "random"},
    )
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_ten_long_runs_take_less_than_two_megabytes(
    report: Report, new_run: WriteRun, tmp_path: Path
) -> None:
    texts = tuple(f"{number} {'x' * 3000}" for number in range(100))
    runs = [
        new_run(tmp_path / str(number), rate=0.001 + number / 1e4, epochs=1000, steps=10_000,
                samples=texts)
        for number in range(10)
    ]  # fmt: skip
    assert len(report(*runs).html.encode()) < MAX_BYTES


def test_a_page_loads_nothing_and_runs_its_own_scripts_alone(
    report: Report, runs: list[Path]
) -> None:
    page = report(runs[0])
    assert not [tag for tag, attributes in page.tags if {"src", "href"} & attributes.keys()]
    (policy,) = [
        attributes["content"]
        for tag, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert policy.count("'sha256-") == 2
    assert "unsafe-eval" not in policy


def test_what_comes_from_outside_is_escaped(
    report: Report, new_run: WriteRun, tmp_path: Path
) -> None:
    folder = tmp_path / "<b>bold"
    page = report(
        new_run(folder / "1", model=HOSTILE, steps=3, samples=(HOSTILE, "\u202eabc\x1b[2J")),
        new_run(folder / "2", model=HOSTILE, dataset="<i>", recipe="", rate=0.5),
    )
    assert [tag for tag, _ in page.tags if tag in ("img", "b", "i")] == []
    assert [tag for tag, _ in page.tags].count("script") == 3
    assert HOSTILE in page.text
    assert "\\u202eabc\\x1b[2J" in page.text
    assert "\u202e" not in page.html


def test_a_sweep_is_reported_without_the_runs_that_have_not_ended(
    report: Report, zoo: Zoo, runs: list[Path], tmp_path: Path
) -> None:
    (runs[0] / "config.json").unlink()
    (runs[0] / "state" / "CURRENT").write_text("0\n")
    page = report(tmp_path)
    assert "5 runs, 2 settings" in page.text
    name = runs[0].name
    assert f"{name} is unfinished: zoo resume" in page.text
    assert str(tmp_path) not in page.html
    result = zoo("report", runs[0], "--to", tmp_path / "alone.html")
    assert result.code == 6
    assert not (tmp_path / "alone.html").exists()


def test_runs_of_a_sweep_that_failed_or_were_interrupted_are_named(
    report: Report, zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "LocalEngine", InProcessEngine)
    sweep = tmp_path / "sweep"
    options = ["--trainer.optimizer", "SGD", "--trainer.epochs", 3, "--out", sweep]
    zoo("sweep", "lstm-embed.hello", "--trainer.learning-rate", "0.01,1e30", *options)
    interrupted = sweep / "seed=0,learning-rate=0.01" / "config.json"
    interrupted.write_text(interrupted.read_text().replace('"finished"', '"interrupted"'))
    page = report(sweep)
    assert "1 run, 1 setting" in page.text
    assert "seed=0,learning-rate=1e+30 failed: epoch 2, step 2: " in page.text
    assert "seed=0,learning-rate=0.01 was interrupted: its results are those of 3 epochs" in (
        page.text
    )
    assert str(tmp_path) not in page.html


def test_a_run_whose_name_begins_with_that_of_a_failed_one_is_named_too(
    report: Report, hello: Path, tmp_path: Path
) -> None:
    sweep = write_part_of_sweep(tmp_path / "s", hello, (0, 1, 10))
    record_failure(sweep / "seed=1", "no room", 1)
    (sweep / "seed=10" / "state").mkdir(parents=True)
    (sweep / "seed=10" / "state" / "CURRENT").write_text("1\n")
    page = report(sweep)
    assert page.text.count("seed=1 failed: no room") == 1
    assert "seed=10 is unfinished: zoo resume" in page.text


def test_an_existing_file_is_replaced_with_overwrite_only(
    zoo: Zoo, runs: list[Path], tmp_path: Path
) -> None:
    path = tmp_path / "mine.html"
    path.write_text("mine")
    result = zoo("report", runs[0], "--to", path)
    assert result.code == 6
    assert result.stderr == f"Error: {path} exists already; choose another, or --overwrite\n"
    assert path.read_text() == "mine"
    result = zoo("report", runs[0], "--to", path, "--overwrite", "--json")
    assert result.json == {"path": str(path), "bytes": path.stat().st_size, "runs": 1}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none", "--to", "a.html"], 3, "no run none: it is no folder; see: zoo runs"),
        ([".", "--to", "a.html"], 3, "no run in .; see: zoo runs"),
        (["run", "--to", "."], 2, "'--to': . is a folder; name a FILE.html in it"),
        (["run", "--to", "no/a.html"], 6, "cannot write no/a.html: there is no folder no"),
        (["run", "--to", "a.txt"], 2, "'--to': a.txt: name a FILE.html"),
        (["run", "--to", "a"], 2, "'--to': a: name a FILE.html"),
        (["~nobody-here/run", "--to", "a.html"], 2, "no such user; write the path without ~"),
        (["", "--to", "a.html"], 2, "an empty path; write . for the current folder"),
        (["run"], 2, "Missing option '--to'"),
        (["--to", "a.html"], 2, "Missing argument 'DIR ...'"),
    ],
)
def test_wrong_arguments_are_one_line_and_write_nothing(
    zoo: Zoo,
    arguments: list[str],
    code: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = zoo("report", *arguments)
    assert result.code == code
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []
