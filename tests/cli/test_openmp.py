"""How threads wait for each other under the commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo_cli.openmp import WAIT_VARIABLES, others_run, set_thread_waits, thread_waits


@pytest.mark.parametrize(
    ("load", "busy"),
    [
        ("0.20 0.18 0.12 1/80 11206", False),
        ("0.20 0.18 0.12 2/80 11206", True),
        ("3.00 3.10 3.12 1/80 11206", False),  # only the past was busy
        ("", False),
        ("0.20 0.18", False),
    ],
)
def test_threads_spin_more_briefly_beside_other_programs(
    load: str, busy: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "loadavg"
    file.write_text(load, "ascii")
    monkeypatch.setattr("zoo_cli.openmp.LOAD", file)
    environment: dict[str, str] = {}
    monkeypatch.setattr("os.environ", environment)
    set_thread_waits()
    assert environment == thread_waits(busy=busy)
    assert thread_waits(busy=True) != thread_waits(busy=False)


@pytest.mark.parametrize("variable", WAIT_VARIABLES)
def test_the_user_decides(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {variable: "ACTIVE"}
    monkeypatch.setattr("os.environ", environment)
    set_thread_waits()
    assert environment == {variable: "ACTIVE"}


def test_a_system_that_does_not_tell_counts_as_quiet(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("zoo_cli.openmp.LOAD", tmp_path / "none")
    assert not others_run()
