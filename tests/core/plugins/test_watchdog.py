"""The watchdog interrupts hooks that hang and leaves other timers alone."""

from __future__ import annotations

import signal
import time

import pytest

from zoo_core.errors import PluginError
from zoo_core.plugins import watchdog
from zoo_core.plugins.watchdog import time_limit


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter limits, which a hook that must not be stopped may reach on a busy machine."""
    monkeypatch.setattr(watchdog, "IDLE_LIMIT", 0.2)
    monkeypatch.setattr(watchdog, "BUSY_LIMIT", 0.6)


@pytest.mark.usefixtures("quick")
def test_an_idle_hook_is_stopped() -> None:
    with pytest.raises(PluginError, match="it hangs: given up after"), time_limit():
        time.sleep(10)


@pytest.mark.usefixtures("quick")
def test_an_endless_hook_is_stopped_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        while True:
            pass

    monkeypatch.setattr(time, "process_time", time.monotonic)  # as on an idle machine
    start = time.monotonic()
    with pytest.raises(PluginError, match="it hangs"), time_limit():
        work()
    assert time.monotonic() - start > 0.5


def test_a_hook_that_gets_a_tenth_of_a_core_is_not_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "IDLE_LIMIT", 0.2)
    real = time.monotonic
    monkeypatch.setattr(time, "process_time", lambda: real() / 10)
    with time_limit():
        time.sleep(0.5)


def test_a_hook_that_ends_is_not_stopped() -> None:
    with time_limit():
        time.sleep(0.05)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_foreign_timer_continues() -> None:
    rang: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rang.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with time_limit():
            time.sleep(0.05)
        time.sleep(0.5)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert rang == [signal.SIGALRM]


def test_a_hook_that_works_a_little_and_does_not_end_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watchdog, "IDLE_LIMIT", 0.1)
    monkeypatch.setattr(watchdog, "IDLE_SHARE", 0.0)
    monkeypatch.setattr(watchdog, "BUSY_LIMIT", 0.2)
    monkeypatch.setattr(watchdog, "WAITS_PER_WORK", 2)
    monkeypatch.setattr(time, "process_time", lambda: 0.0)
    with pytest.raises(PluginError, match="it hangs"), time_limit():
        time.sleep(10)


def test_of_a_foreign_timer_the_time_inside_is_gone_afterwards() -> None:
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 100)
    try:
        with time_limit():
            time.sleep(0.3)
        remaining, _ = signal.getitimer(signal.ITIMER_REAL)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert remaining < 99.8
