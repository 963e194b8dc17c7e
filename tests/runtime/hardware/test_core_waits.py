"""A run says once that its threads wait for cores that other programs use."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo_core.runtime.hardware import core_waits
from zoo_core.runtime.hardware.core_waits import MAX_SHARE, WATCHED_SECONDS, CoreWaits


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, float | None]:
    """Returns the time and the waits that the watched process sees."""
    values: dict[str, float | None] = {"now": 0.0, "waited": 7.0}
    monkeypatch.setattr("time.monotonic", lambda: values["now"])
    monkeypatch.setattr(core_waits, "waited_seconds", lambda: values["waited"])
    return values


def test_waits_are_reported_once_with_the_remedy(clock: dict[str, float | None]) -> None:
    waits = CoreWaits(2)
    clock |= {"now": WATCHED_SECONDS - 1, "waited": 13.0}
    assert not waits.check()
    clock["now"] = WATCHED_SECONDS
    message = waits.check()
    assert message.startswith("the 2 threads of this run wait 60% of the time for a core")
    assert "--threads 1" in message
    assert not waits.check()


@pytest.mark.parametrize(
    ("threads", "waited"), [(1, 17.0), (2, 7 + MAX_SHARE * WATCHED_SECONDS), (2, None)]
)
def test_a_run_that_does_not_wait_says_nothing(
    clock: dict[str, float | None], threads: int, waited: float | None
) -> None:
    waits = CoreWaits(threads)
    clock |= {"now": WATCHED_SECONDS, "waited": waited}
    assert not waits.check()


def test_the_waits_of_all_threads_are_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for task, line in (("7", "90 1500000000 12\n"), ("8", "8 500000000 3\n")):
        (tmp_path / task).mkdir()
        (tmp_path / task / "schedstat").write_text(line, "utf-8")
    monkeypatch.setattr(core_waits, "TASKS", tmp_path)
    assert core_waits.waited_seconds() == 2.0
    (tmp_path / "8" / "schedstat").write_text("0 0\n"[:1], "utf-8")
    assert core_waits.waited_seconds() is None
