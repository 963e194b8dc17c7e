"""How many threads a run takes, and that nobody else's change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
import torch
from torch import nn

from zoo_core import Features, Grid, Signature, Tokens
from zoo_core.runtime.hardware.threads import (
    REPAYING,
    choose_threads,
    computing_with,
    each_computed_with,
)

TOKENS = Signature(inputs=Tokens(3), classes=3, per="step")
MODEL = nn.Linear(64, 64, bias=False)
POSITIONS = REPAYING // 64**2


@pytest.mark.parametrize(("positions", "taken"), [(POSITIONS - 1, 1), (POSITIONS, 3)])
@pytest.mark.parametrize(
    ("signature", "width"),
    [
        (TOKENS, ()),
        (Signature(inputs=Features(7), classes=2, per="step"), (7,)),
        (Signature(inputs=Grid(2, (3,)), classes=2, per="sequence"), (2,)),
    ],
    ids=["tokens", "features", "grid"],
)
def test_a_second_thread_is_taken_where_a_step_repays_it(
    positions: int, taken: int, signature: Signature, width: tuple[int, ...]
) -> None:
    inputs = torch.zeros(positions, 1, *width)
    with computing_with(3):
        assert choose_threads(0, MODEL, inputs, signature) == taken


def test_as_many_are_taken_as_are_asked_for() -> None:
    assert choose_threads(5, MODEL, torch.zeros(1, 1), TOKENS) == 5


def test_afterwards_there_are_as_many_as_before() -> None:
    before = torch.get_num_threads()
    with suppress(KeyError), computing_with(before + 1):
        assert torch.get_num_threads() == before + 1
        raise KeyError
    assert torch.get_num_threads() == before


def test_who_takes_what_is_made_keeps_their_own() -> None:
    def made() -> Iterator[int]:
        for _ in range(3):
            yield torch.get_num_threads()

    before = torch.get_num_threads()
    for each in each_computed_with(before + 1, made()):
        assert (each, torch.get_num_threads()) == (before + 1, before)
