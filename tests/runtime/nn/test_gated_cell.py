"""The defaults of GatedCell."""

from __future__ import annotations

from typing import final

import pytest
import torch
from torch import Tensor

from zoo_core.runtime.nn import GatedCell, HiddenState, LstmState, Weights
from zoo_lstm.cell import LstmCell

B, T, F, H = 2, 3, 4, 5


@final
class TwoGates(GatedCell[HiddenState]):
    """A cell that writes its equations only."""

    name, gates = "two-gates", 2

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """Adds both gates to the state."""
        first, second = projected.chunk(2, dim=1)
        return first, HiddenState(state.hidden + first + second)


def weights(cell: TwoGates) -> dict[str, Tensor]:
    """Random weights in float64."""
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.randn(shape, generator=generator, dtype=torch.float64)
        for name, shape in cell.parameter_shapes(F).items()
    }


def test_the_weights_are_those_of_torch() -> None:
    biases = {"bias_ih": (2 * H,), "bias_hh": (2 * H,)}
    matrices = {"weight_ih": (2 * H, F), "weight_hh": (2 * H, H)}
    assert list(TwoGates(H).parameter_shapes(F).items()) == list((matrices | biases).items())
    assert TwoGates(H, bias=False).parameter_shapes(F) == matrices


def test_the_initial_state_is_zeros_of_the_widths_of_output_and_hidden_state() -> None:
    like = torch.ones(1, dtype=torch.float64)
    state = TwoGates(H).initial_state(B, like)
    torch.testing.assert_close(state, HiddenState(torch.zeros(B, H, dtype=torch.float64)))
    projecting = LstmCell(H, proj_size=2).initial_state(B, like)
    assert isinstance(projecting, LstmState)
    assert (projecting.hidden.shape, projecting.cell.shape) == ((B, 2), (B, H))
    assert not any(tensor.any() for tensor in projecting)


@pytest.mark.parametrize("bias", [True, False])
def test_a_token_is_projected_as_its_one_hot_vector(bias: bool) -> None:
    cell = TwoGates(H, bias)
    tokens = torch.randint(F, (B, T), generator=torch.Generator().manual_seed(1))
    one_hot = torch.nn.functional.one_hot(tokens, F).double()
    expected = cell.project(weights(cell), one_hot)
    assert expected.shape == (B, T, 2 * H)
    torch.testing.assert_close(cell.project(weights(cell), tokens), expected, rtol=0, atol=1e-12)
