"""The models from scratch: torch's recurrences with one bias, initialised as in the book."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from zoo_core import Classes, Signature, Tokens
from zoo_core.runtime.nn import AbstractCell, Batch, RecurrentModel, ReferenceKernel
from zoo_gru.cell import ResetBeforeGruCell
from zoo_scratch.configs import ScratchConfig
from zoo_scratch.gru import ScratchGruCell
from zoo_scratch.lstm import ScratchLstmCell
from zoo_scratch.models import gru_scratch, lstm_scratch, rnn_scratch
from zoo_scratch.rnn import ScratchRnnCell

V, H, B, T = 7, 5, 3, 6
SIGNATURE = Signature(inputs=Tokens(V), outputs=Classes(V, per="step"))
CONFIG = ScratchConfig(hidden_size=H)
EXACT = 1e-12


def tokens() -> Tensor:
    """Random symbols (B, T)."""
    return torch.randint(V, (B, T), generator=torch.Generator().manual_seed(0))


def with_random_weights(model: RecurrentModel) -> RecurrentModel:
    """Makes the model float64, its biases non-zero and its kernel the reference."""
    for parameter in model.double().parameters():
        nn.init.normal_(parameter)
    model.recurrent.kernels = (ReferenceKernel(),)
    return model


@pytest.mark.parametrize(
    ("model", "layer"),
    [
        (rnn_scratch(CONFIG, SIGNATURE), nn.RNN(V, H)),
        (lstm_scratch(CONFIG, SIGNATURE), nn.LSTM(V, H)),
    ],
    ids=["rnn", "lstm"],
)
def test_the_model_equals_torchs_layer_with_a_second_bias_of_zero(
    model: RecurrentModel, layer: nn.RNNBase
) -> None:
    ours = with_random_weights(model)
    weights = dict(ours.recurrent.state_dict())
    layer.double().load_state_dict(
        weights | {"bias_hh_l0": torch.zeros_like(weights["bias_ih_l0"])}
    )
    outputs, _ = layer(one_hot(tokens(), V).double().transpose(0, 1))
    expected = ours.output(outputs.transpose(0, 1))
    torch.testing.assert_close(ours(Batch(tokens())).logits, expected, rtol=0, atol=EXACT)


def test_the_gru_resets_before_the_product() -> None:
    ours = with_random_weights(gru_scratch(CONFIG, SIGNATURE))
    weights = ours.recurrent.weights(0, 0)
    state = ScratchGruCell(H).initial_state(B, weights["weight_ih"])
    theirs, both = ResetBeforeGruCell(H), dict(weights)
    both["bias_hh"] = torch.zeros(3 * H, dtype=torch.float64)
    for token in tokens().unbind(1):
        projected = theirs.project(both, one_hot(token, V).double().unsqueeze(1))[:, 0]
        expected, _ = theirs.step(both, projected, state)
        ours_now, state = ScratchGruCell(H).step(weights, projected, state)
        torch.testing.assert_close(ours_now, expected, rtol=0, atol=EXACT)


@pytest.mark.parametrize(
    "cell", [ScratchRnnCell(H), ScratchGruCell(H), ScratchLstmCell(H)], ids=lambda cell: cell.name
)
def test_a_token_is_projected_as_its_one_hot_vector(cell: AbstractCell[Any]) -> None:
    shapes = cell.parameter_shapes(V)
    weights = {name: torch.randn(shape) for name, shape in shapes.items()}
    looked_up = cell.project(weights, tokens())
    assert torch.equal(looked_up, cell.project(weights, one_hot(tokens(), V).float()))


def test_matrices_start_small_and_biases_at_zero() -> None:
    torch.manual_seed(0)
    model = lstm_scratch(ScratchConfig(hidden_size=256, sigma=0.01), SIGNATURE)
    for name, parameter in model.named_parameters():
        spread = 0.01 if parameter.dim() > 1 else 0.0
        assert parameter.std().item() == pytest.approx(spread, rel=0.1), name
        assert abs(parameter.mean().item()) < 0.001, name
