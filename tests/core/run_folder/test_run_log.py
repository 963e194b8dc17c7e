"""The log of a run: its thinning, and what is removed beyond a saved state."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from zoo_core.errors import TargetError
from zoo_core.run_folder import run_log
from zoo_core.run_folder.run_log import (
    RunLog,
    SampleRow,
    StepReader,
    StepRow,
    is_logged,
    read_samples,
    read_steps,
)


def row(step: int, epoch: int = 1) -> StepRow:
    """Returns a row of a step."""
    return StepRow(step, epoch, 32 * step, 1 / step, 0.1 + step, 1e-5)


@pytest.fixture
def log(tmp_path: Path) -> RunLog:
    """The log of three epochs of two steps, on disk."""
    log = RunLog(tmp_path)
    log.add_steps(row(step, (step + 1) // 2) for step in range(1, 7))
    for epoch in (1, 2, 3):
        log.add_sample(SampleRow(epoch, 2 * epoch, f"text\n{epoch} ü"))
    log.write()
    return log


def test_rows_are_read_as_they_were_written(log: RunLog, tmp_path: Path) -> None:
    log.add_steps([row(7, 4)])
    log.write()
    assert [step.step for step in read_steps(tmp_path)] == [1, 2, 3, 4, 5, 6, 7]
    assert read_steps(tmp_path)[6] == row(7, 4)
    assert read_samples(tmp_path)[1] == SampleRow(2, 4, "text\n2 ü")


def test_a_line_is_json_with_the_names_of_the_fields() -> None:
    assert json.loads(row(3).line()) == row(3)._asdict()


def test_a_run_without_a_log_has_no_rows(tmp_path: Path) -> None:
    assert (read_steps(tmp_path), read_samples(tmp_path)) == ([], [])


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [(1, 10_000, 10_000), (10_001, 10**5, 9000), (10**5 + 1, 10**6, 9000)],
)
def test_later_steps_are_thinned_by_a_factor_of_ten_each_time(
    first: int, last: int, count: int
) -> None:
    assert sum(is_logged(step) for step in range(first, last + 1)) == count


def test_the_log_holds_the_thinned_steps_alone(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    log.add_steps(row(step) for step in range(9_998, 10_022))
    log.write()
    assert [step.step for step in read_steps(tmp_path)] == [9998, 9999, 10_000, 10_010, 10_020]


def test_rows_beyond_a_state_are_removed(log: RunLog, tmp_path: Path) -> None:
    log.truncate(step=4, epoch=2)  # within the evaluation of the second epoch
    assert [step.step for step in read_steps(tmp_path)] == [1, 2, 3, 4]
    assert [sample.epoch for sample in read_samples(tmp_path)] == [1]


def test_a_new_run_removes_every_row(log: RunLog, tmp_path: Path) -> None:
    log.truncate(step=0, epoch=1)
    assert (read_steps(tmp_path), read_samples(tmp_path)) == ([], [])


@pytest.mark.parametrize(
    "damage",
    [b'{"step": 7, "ep', b"\x00\x00\x00\n", b"7\n", b"\xff\n", b'{"step": 7}\n', b'{"epoch": 1}\n'],
)
def test_a_damaged_end_is_skipped_and_removed(log: RunLog, tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "steps.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + damage)
    assert len(read_steps(tmp_path)) == 6
    log.truncate(step=9, epoch=9)
    assert path.read_bytes() == whole


def test_columns_of_a_newer_zoo_are_passed_over(log: RunLog, tmp_path: Path) -> None:
    for name in ("steps.jsonl", "samples.jsonl"):
        path = tmp_path / name
        path.write_text(path.read_text("utf-8").replace("}\n", ', "new": [1]}\n'), "utf-8")
    assert read_steps(tmp_path)[0] == row(1)
    assert read_samples(tmp_path)[0] == SampleRow(1, 2, "text\n1 ü")
    log.truncate(step=4, epoch=2)
    assert (len(read_steps(tmp_path)), len(read_samples(tmp_path))) == (4, 1)


def test_a_reader_parses_each_row_of_a_growing_log_once(
    log: RunLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[bytes] = []

    def parse(line: bytes) -> dict[str, Any]:
        parsed.append(line)
        return dict(json.loads(line))

    monkeypatch.setattr(run_log, "_parse", parse)
    reader = StepReader(tmp_path)
    for step in range(7, 10):
        assert len(reader.read()) == step - 1
        log.add_steps([row(step)])
        log.write()
    assert reader.read() == [
        *(row(step, (step + 1) // 2) for step in range(1, 7)),
        *map(row, (7, 8, 9)),
    ]
    assert b"".join(parsed) == (tmp_path / "steps.jsonl").read_bytes()


def test_a_reader_gives_the_rows_of_a_resumed_run(log: RunLog, tmp_path: Path) -> None:
    reader = StepReader(tmp_path)
    reader.read()
    log.truncate(step=4, epoch=3)
    assert reader.read() == read_steps(tmp_path)
    log.add_steps([row(5, 3), row(6, 3)])
    log.write()
    assert [step.step for step in reader.read()] == [1, 2, 3, 4, 5, 6]


def test_a_reader_sees_other_rows_of_the_same_size_and_time(log: RunLog, tmp_path: Path) -> None:
    path = tmp_path / "steps.jsonl"
    time = path.stat().st_mtime_ns
    reader = StepReader(tmp_path)
    before = reader.read()
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"loss": 1.0', b'"loss": 2.5'))
    os.utime(path, ns=(time, time))
    assert path.stat().st_size == len(content)
    assert reader.read() == [before[0]._replace(loss=2.5), *before[1:]]


def test_a_reader_sees_a_new_run_in_the_folder_and_none(log: RunLog, tmp_path: Path) -> None:
    reader = StepReader(tmp_path)
    reader.read()
    (tmp_path / "steps.jsonl").unlink()
    assert reader.read() == []
    log.add_steps([row(1, 2)])
    log.write()
    assert reader.read() == [row(1, 2)]


def test_a_reader_takes_a_row_when_it_is_whole(log: RunLog, tmp_path: Path) -> None:
    reader = StepReader(tmp_path)
    line = row(7).line().encode()
    with (tmp_path / "steps.jsonl").open("ab") as file:
        file.write(line[:30])
        file.flush()
        assert len(reader.read()) == 6
        file.write(line[30:])
    assert reader.read()[6:] == [row(7)]


def test_the_rows_that_a_reader_gave_stay_as_they_are(log: RunLog, tmp_path: Path) -> None:
    reader = StepReader(tmp_path)
    before = reader.read()
    log.add_steps([row(7)])
    log.write()
    assert len(reader.read()) == 7
    assert len(before) == 6


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "missing")
    log.add_steps([row(1)])
    with pytest.raises(TargetError, match=r"cannot write .*missing/steps\.jsonl"):
        log.write()
