"""Ctrl+C while the code of a plugin runs, and the handlers of others."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from zoo_core.errors import Interrupted
from zoo_core.plugins.interrupts import real_interrupts


@pytest.fixture(autouse=True)
def default_handler() -> Iterator[None]:
    """Python's own handler, as in a program that sets none."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_is_told_from_an_exception_of_the_plugin() -> None:
    with pytest.raises(Interrupted), real_interrupts():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt), real_interrupts():
        raise KeyboardInterrupt


def test_a_handler_that_the_plugin_sets_stays() -> None:
    def ignore(number: int, frame: object) -> None:
        pass

    with real_interrupts():
        signal.signal(signal.SIGINT, ignore)
    assert signal.getsignal(signal.SIGINT) is ignore


def test_a_handler_of_the_program_is_kept_inside() -> None:
    seen: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    with real_interrupts():
        signal.raise_signal(signal.SIGINT)
    assert seen == [signal.SIGINT]


def test_another_thread_than_the_main_one_leaves_signals_alone() -> None:
    errors: list[BaseException] = []

    def load() -> None:
        try:
            with real_interrupts():
                pass
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=load)
    thread.start()
    thread.join()
    assert errors == []
