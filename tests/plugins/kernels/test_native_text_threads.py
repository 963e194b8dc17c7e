"""The number of threads that generate a text: the fastest, found while the text is made."""

from __future__ import annotations

from itertools import cycle, islice
from typing import Any

import pytest
import torch

from tests.plugins.kernels.test_native import built
from tests.runtime.building.sharpened import letters, sharpened
from zoo_core.runtime.generation.generate import generate
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.generation.texts import generate_texts
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import RecurrentModel
from zoo_kernels import text as loop
from zoo_kernels.kernel import NativeKernel
from zoo_kernels.library import NativeLibrary, native_library
from zoo_kernels.text import NativeText
from zoo_kernels.text_threads import (
    FIRST_SYMBOLS,
    GROWTH,
    MAX_SYMBOLS,
    MIN_SECONDS,
    MIN_SYMBOLS,
    SECONDS_PER_CALL,
    TRIAL_SYMBOLS,
    TextThreads,
)
from zoo_kernels.text_weights import sources, text_weights
from zoo_lstm.configs import LstmEmbedConfig
from zoo_lstm.models import lstm_embed

Costs = dict[int, float]
"""Microseconds for a symbol, by the number of threads."""


def run(
    threads: TextThreads, costs: Costs, symbols: int, waking: float = 0.0
) -> tuple[Costs, float]:
    """Makes some symbols; returns the microseconds spent with each number, and those in trials.

    A number of threads that did not make the symbols before takes some time to wake.
    """
    spent, trials, before = dict.fromkeys(costs, 0.0), 0.0, 0
    while symbols > 0:
        is_trial = threads.is_trial
        count = min(symbols, threads.symbols)
        number = threads.number
        time = count * costs[number] + waking * (number > 1 and before not in (0, number))
        threads.note(number, count, time / 1e6)
        spent[number] += time
        trials += time * is_trial
        symbols, before = symbols - count, number
    return spent, trials


def test_one_thread_has_no_other_number_to_try() -> None:
    threads = TextThreads(1)
    threads.note(1, 256, 1.0)
    assert (threads.number, threads.is_trial) == (1, False)


@pytest.mark.parametrize("enough", [(MIN_SYMBOLS, 1e-6), (1, MIN_SECONDS)])
def test_a_trial_follows_the_first_call_whose_time_says_something(
    enough: tuple[int, float],
) -> None:
    threads = TextThreads(2)
    threads.note(2, MIN_SYMBOLS - 1, MIN_SECONDS / 2)
    assert (threads.number, threads.is_trial) == (2, False)
    threads.note(2, *enough)
    assert (threads.number, threads.is_trial) == (1, True)


def test_a_trial_takes_two_calls_of_which_the_second_counts() -> None:
    threads = TextThreads(2)
    threads.note(2, 256, 256e-6)
    assert threads.symbols == TRIAL_SYMBOLS[0]
    threads.note(1, TRIAL_SYMBOLS[0], 1.0)
    assert (threads.number, threads.is_trial) == (1, True)
    assert threads.symbols == TRIAL_SYMBOLS[1]
    threads.note(1, TRIAL_SYMBOLS[1], TRIAL_SYMBOLS[1] / 4e6)
    assert (threads.number, threads.is_trial) == (1, False)


@pytest.mark.parametrize(
    ("seconds", "symbols"),
    [
        (SECONDS_PER_CALL / 1000, 1000),
        (SECONDS_PER_CALL / 10, 10),
        (SECONDS_PER_CALL * 10, 1),
        (SECONDS_PER_CALL / 1e9, MAX_SYMBOLS),
    ],
)
def test_a_call_makes_the_symbols_of_its_time(seconds: float, symbols: int) -> None:
    """Ctrl+C waits for it."""
    threads, calls = TextThreads(1), []
    for _ in range(4):
        calls.append(threads.symbols)
        threads.note(1, calls[-1], calls[-1] * seconds)
    assert calls[0] == FIRST_SYMBOLS
    assert max(calls[:3]) <= GROWTH * GROWTH * FIRST_SYMBOLS
    assert calls[-1] == pytest.approx(symbols, abs=1)


def test_one_slow_call_does_not_make_later_calls_short_for_good() -> None:
    threads = TextThreads(1)
    threads.note(1, 256, 256 * SECONDS_PER_CALL / 40)
    assert threads.symbols == 40
    for _ in range(20):
        threads.note(1, threads.symbols, threads.symbols * SECONDS_PER_CALL / 1000)
    assert threads.symbols == pytest.approx(1000, rel=0.01)


def test_a_trial_of_slow_symbols_takes_no_longer_than_another_call() -> None:
    threads = TextThreads(2)
    threads.note(2, 16, 16 * SECONDS_PER_CALL / 3.5)
    assert (threads.is_trial, threads.symbols) == (True, 3)


@pytest.mark.parametrize(
    ("most", "costs", "best"),
    [
        (2, {2: 1.0, 1: 1.6}, 2),
        (2, {2: 1.6, 1: 1.0}, 2),
        (2, {2: 3.0, 1: 1.0}, 1),
        (8, {8: 1.0, 4: 1.2, 2: 1.8, 1: 3.0}, 8),
        (8, {8: 5.0, 4: 1.9, 2: 0.7, 1: 1.0}, 2),
        (6, {6: 9.0, 3: 3.0, 1: 1.0}, 1),
    ],
)
def test_most_of_the_time_is_of_the_fastest_number_where_fewer_are_clearly_faster(
    most: int, costs: Costs, best: int
) -> None:
    spent, trials = run(TextThreads(most), costs, 100_000)
    assert spent[best] > 0.95 * sum(spent.values())
    assert trials < 0.05 * sum(spent.values())


def test_threads_that_have_to_wake_are_not_taken_for_slow_ones() -> None:
    threads = TextThreads(2)
    run(threads, {2: 3.0, 1: 1.0}, 20_000)
    spent, _ = run(threads, {2: 1.0, 1: 2.0}, 1_000_000, waking=100.0)
    assert spent[2] > 0.9 * sum(spent.values())


def test_a_process_that_comes_and_goes_is_noticed() -> None:
    threads, alone, beside = TextThreads(2), {2: 1.0, 1: 1.6}, {2: 20.0, 1: 1.8}
    spent, _ = run(threads, alone, 100_000)
    assert spent[2] > 0.9 * sum(spent.values())
    spent, _ = run(threads, beside, 1_000_000)
    assert spent[1] > 0.8 * sum(spent.values())
    spent, _ = run(threads, alone, 5_000_000)
    assert spent[2] > 0.8 * sum(spent.values())


def wide_model() -> RecurrentModel:
    """One whose steps are worth three threads."""
    config = LstmEmbedConfig(hidden_size=200, embedding_size=5)
    return sharpened(lambda: lstm_embed(config, letters(11)))


@built
def test_any_sequence_of_numbers_of_threads_gives_the_same_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = wide_model().float()
    model.recurrent.kernels = (NativeKernel(),)
    prompts = [Batch(torch.tensor([[row % 11, 2, 3]])) for row in range(5)]
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        expected = texts(model, prompts)
        torch.set_num_threads(3)
        numbers, used = cycle((3, 1, 2)), list[int]()

        class Changing:
            symbols = 256

            def __init__(self, most: int) -> None:
                assert most == 3

            @property
            def number(self) -> int:
                used.append(next(numbers))
                return used[-1]

            def note(self, number: int, *rest: Any) -> None:
                assert number == used[-1]

        monkeypatch.setattr(loop, "TextThreads", Changing)
        assert texts(wide_copy(model), prompts) == expected
        assert set(used) == {1, 2, 3}
    finally:
        torch.set_num_threads(before)


def wide_copy(model: RecurrentModel) -> RecurrentModel:
    """The same model, of which no text was made."""
    copy = wide_model().float()
    copy.load_state_dict(model.state_dict())
    copy.recurrent.kernels = (NativeKernel(),)
    return copy


def texts(model: RecurrentModel, prompts: list[Batch]) -> list[list[int]]:
    """One text alone, and several together."""
    alone = list(islice(generate(model, prompts[0], Sampler(seed=1)), 400))
    samplers = [Sampler(seed=row) for row in range(5)]
    return [alone, *generate_texts(model, prompts, samplers, [300, 20, 150, 300, 1])]


@built
def test_what_one_text_measured_is_known_to_the_next() -> None:
    model = wide_model().float()
    model.recurrent.kernels = (NativeKernel(),)
    before = torch.get_num_threads()
    made: list[TextThreads] = []
    keep = loop.NativeText.__init__

    def note(self: Any, *rest: Any) -> None:
        keep(self, *rest)
        made.append(self._threads)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.NativeText, "__init__", note)
        try:
            torch.set_num_threads(2)
            for _ in range(2):
                list(islice(generate(model, Batch(torch.tensor([[1]])), Sampler()), 300))
        finally:
            torch.set_num_threads(before)
    assert made[0] is made[1]


@built
def test_threads_that_torch_gets_during_a_text_are_for_the_next_one() -> None:
    """The memory of the text is for those that there were."""
    model, library = wide_model().float(), native_library()
    assert isinstance(library, NativeLibrary)
    starts, prompts = [model.initial_state(1)] * 2, [torch.tensor([1])] * 2
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        weights = text_weights(library, model, sources(model), "fp32")
        text = NativeText(model, weights, starts, prompts, [Sampler(), Sampler()])
        text.generate([(0, 20), (1, 5)])
        torch.set_num_threads(3)
        text.generate([(0, 20)])
        assert text._threads.number == 1
    finally:
        torch.set_num_threads(before)
