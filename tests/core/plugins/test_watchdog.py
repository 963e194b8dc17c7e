"""Giving up on what hangs, and leaving everybody else's timer alone."""

from __future__ import annotations

import signal
import time

import pytest

from zoo_core.errors import PluginError
from zoo_core.plugins import watchdog as hanging
from zoo_core.plugins.watchdog import giving_up


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the patience."""
    monkeypatch.setattr(hanging, "IDLE", 0.2)
    monkeypatch.setattr(hanging, "BUSY", 0.6)


def test_what_does_nothing_is_given_up() -> None:
    with pytest.raises(PluginError, match="it hangs: given up after"), giving_up():
        time.sleep(10)


def test_what_works_for_ever_is_given_up_later() -> None:
    def work() -> None:
        while True:
            pass

    began = time.monotonic()
    with pytest.raises(PluginError, match="it hangs"), giving_up():
        work()
    assert time.monotonic() - began > 0.5


def test_what_ends_is_left_alone() -> None:
    with giving_up():
        time.sleep(0.05)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_timer_of_somebody_else_goes_on() -> None:
    rang: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rang.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with giving_up():
            time.sleep(0.05)
        time.sleep(0.5)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert rang == [signal.SIGALRM]
