"""Choosing the next symbol."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from zoo_core.errors import ConfigError, IntegrityError
from zoo_core.runtime.generation.sampler import Sampler, draw_rows

LOGITS = torch.tensor([0.0, 2.0, 1.0, -1.0])


def draws(sampler: Sampler, count: int = 2000) -> Counter[int]:
    """The number of times that each symbol is drawn."""
    return Counter(sampler.draw(LOGITS) for _ in range(count))


def test_temperature_zero_takes_the_likeliest() -> None:
    assert draws(Sampler(temperature=0), 20) == {1: 20}


def test_draws_follow_the_softmax_of_the_logits() -> None:
    counts = draws(Sampler())
    for symbol, probability in enumerate(LOGITS.softmax(0).tolist()):
        assert counts[symbol] / 2000 == pytest.approx(probability, abs=0.03)


def test_a_temperature_divides_the_logits() -> None:
    counts = draws(Sampler(temperature=0.5))
    for symbol, probability in enumerate((LOGITS / 0.5).softmax(0).tolist()):
        assert counts[symbol] / 2000 == pytest.approx(probability, abs=0.03)


def test_a_seed_repeats_and_another_does_not() -> None:
    first, again, other = (
        [sampler.draw(LOGITS) for _ in range(50)]
        for sampler in (Sampler(seed=1), Sampler(seed=1), Sampler(seed=2))
    )
    assert first == again != other


def test_draws_leave_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    draws(Sampler(), 5)
    assert torch.equal(torch.get_rng_state(), before)


def test_top_k_draws_from_the_k_likeliest() -> None:
    assert draws(Sampler(top_k=2)).keys() == {1, 2}


def test_top_k_beyond_the_vocabulary_draws_from_all() -> None:
    assert draws(Sampler(top_k=99)) == draws(Sampler())


def test_top_p_draws_from_the_fewest_that_reach_the_share() -> None:
    # the probabilities are 0.64, 0.24, 0.09 and 0.03
    assert draws(Sampler(top_p=0.6), 100).keys() == {1}
    assert draws(Sampler(top_p=0.7), 100).keys() == {1, 2}
    assert draws(Sampler(top_p=0.9), 100).keys() == {0, 1, 2}
    assert draws(Sampler(top_k=2, top_p=0.9), 100).keys() == {1, 2}


def test_top_p_is_a_share_after_the_temperature() -> None:
    assert draws(Sampler(temperature=3, top_p=0.6), 100).keys() == {1, 2}


def test_a_top_p_of_one_draws_from_all() -> None:
    assert draws(Sampler(top_p=1), 100) == draws(Sampler(), 100)


@pytest.mark.parametrize("top_p", [0, -0.1, 1.1, float("nan")])
def test_an_invalid_top_p_is_refused(top_p: float) -> None:
    with pytest.raises(ConfigError, match=r"top_p = .*: expected a number > 0 and <= 1"):
        Sampler(top_p=top_p)


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1])
def test_a_seed_of_more_than_64_bits_is_refused(seed: int) -> None:
    with pytest.raises(ConfigError, match="expected an integer of 64 bits"):
        Sampler(seed=seed)


def test_rows_draw_what_each_sampler_draws_alone() -> None:
    def samplers() -> list[Sampler]:
        settings = [{}, {"temperature": 0.0}, {"top_k": 2}, {"top_p": 0.7}, {"temperature": 2.0}]
        return [Sampler(**values, seed=seed) for seed, values in enumerate(settings * 3)]  # type: ignore[arg-type]

    logits = torch.randn(15, 9, generator=torch.Generator().manual_seed(0))
    together, alone = samplers(), samplers()
    for _ in range(20):
        expected = [sampler.draw(row) for sampler, row in zip(alone, logits, strict=True)]
        assert draw_rows(together, logits) == expected


def test_a_row_that_is_not_finite_leaves_the_others_alone() -> None:
    logits = torch.stack([LOGITS, LOGITS * torch.nan, LOGITS])
    first, error, last = draw_rows([Sampler(seed=1), Sampler(), Sampler(seed=1)], logits)
    assert first == last == Sampler(seed=1).draw(LOGITS)
    assert isinstance(error, IntegrityError)


def test_a_very_small_temperature_is_greedy_and_not_nan() -> None:
    assert draws(Sampler(temperature=1e-30), 20) == {1: 20}


@pytest.mark.parametrize("temperature", [-0.1, float("nan"), float("inf")])
def test_an_invalid_temperature_is_refused(temperature: float) -> None:
    with pytest.raises(ConfigError, match=r"temperature = .*: expected a number >= 0"):
        Sampler(temperature)


@pytest.mark.parametrize("top_k", [0, -1])
def test_a_top_k_below_one_is_refused(top_k: int) -> None:
    with pytest.raises(ConfigError, match=r"top_k = .*: expected an integer >= 1"):
        Sampler(top_k=top_k)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_logits_that_are_not_finite_are_refused(number: float) -> None:
    with pytest.raises(IntegrityError, match="not finite"):
        Sampler().draw(torch.tensor([0.0, number]))


def test_finite_logits_whose_sum_is_not_are_taken() -> None:
    logits = torch.tensor([1e308, 1.5e308, 1e308], dtype=torch.float64)
    assert Sampler(temperature=0).draw(logits) == 1
