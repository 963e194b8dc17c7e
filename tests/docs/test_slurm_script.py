"""The array job of ``many-runs-on-a-cluster.md`` has a task for each line of its list."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from zoo_cli.main import run

PAGE = Path(__file__).parents[2] / "docs" / "tutorials" / "many-runs-on-a-cluster.md"


def test_the_array_has_a_task_for_each_line_and_the_first_is_the_one_that_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text("utf-8")
    (command,) = re.findall(r"^\$ zoo (.* --print-jobs) > jobs.txt$", text, re.M)
    assert run(shlex.split(command)) == 0
    jobs = capsys.readouterr().out.splitlines()
    assert re.findall(r"--array=1-(\d+)", text) == [str(len(jobs))]
    assert re.findall(r"^(\d+) jobs.txt$", text, re.M) == [str(len(jobs))]
    (shown,) = re.findall(r"^checkpoint: /home/me/(.*)$", text, re.M)
    assert shlex.split(jobs[0])[-1] == str(tmp_path / shown)
