"""The size of a model is known before its memory is allocated."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from zoo_core.errors import DeviceError
from zoo_core.runtime.hardware.model_size import ensure_fits_memory

TOO_LARGE = 1 << 40


class Computing(nn.Module):
    """A model that computes some of its initial values.

    Args:
        width: The number of columns of its weight.
        mixed: Whether it also computes with its weight.
    """

    def __init__(self, width: int, *, mixed: bool = False) -> None:
        super().__init__()
        self.rate: Tensor
        self.register_buffer("rate", torch.cat([torch.arange(3.0).exp(), torch.randn(3)]))
        self.decay = nn.Parameter(torch.rand(4).log())
        self.weight = nn.Parameter(torch.empty(4, width).normal_())
        if mixed:
            self.weight = nn.Parameter(self.weight * self.decay.unsqueeze(1))


@pytest.mark.parametrize("mixed", [False, True], ids=["apart", "mixed"])
def test_a_model_that_computes_initial_values_is_measured(mixed: bool) -> None:
    message = f"{4 * TOO_LARGE + 4:,} parameters"
    with pytest.raises(DeviceError, match=message):
        ensure_fits_memory(lambda: Computing(TOO_LARGE, mixed=mixed), "computing")


def test_measuring_a_model_leaves_the_random_numbers_alone() -> None:
    state = torch.get_rng_state()
    ensure_fits_memory(lambda: Computing(5), "computing")
    assert torch.equal(torch.get_rng_state(), state)
