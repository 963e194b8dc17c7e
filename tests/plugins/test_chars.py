"""The character models, compared with each other and with torch."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from zoo_chars.cells import ConcatCell
from zoo_chars.configs import CharConfig, CharSeqRnnConfig
from zoo_chars.models import char_loop, char_rnn, char_seq_rnn
from zoo_chars.three import CharThree
from zoo_core import Classes, Signature, Tokens
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn import Batch, HiddenState, RecurrentModel

V, E, H, B = 9, 4, 5, 3
LAST = Signature(inputs=Tokens(V), outputs=Classes(V, per="sequence", next_token=True))
EVERY = Signature(inputs=Tokens(V), outputs=Classes(V, per="step", next_token=True))
CONFIG = CharConfig(embedding_size=E, hidden_size=H)
EXACT = 1e-12


def tokens(steps: int) -> Tensor:
    """Random symbols (B, T)."""
    return torch.randint(V, (B, steps), generator=torch.Generator().manual_seed(0))


def test_char_three_equals_char_loop_over_three_characters() -> None:
    three, loop = CharThree(CONFIG, LAST).double(), char_loop(CONFIG, LAST).double()
    names = {
        "recurrent.weight_ih_l0": "input.weight",
        "recurrent.bias_ih_l0": "input.bias",
        "recurrent.weight_hh_l0": "hidden.weight",
        "recurrent.bias_hh_l0": "hidden.bias",
    }
    by_hand = three.state_dict()
    loop.load_state_dict({name: by_hand[names.get(name, name)] for name in loop.state_dict()})
    expected = loop(Batch(tokens(3))).logits
    torch.testing.assert_close(three(Batch(tokens(3))).logits, expected, rtol=0, atol=EXACT)


@pytest.mark.parametrize("steps", [2, 8])
def test_char_three_refuses_other_numbers_of_characters(steps: int) -> None:
    with pytest.raises(MisfitError, match=f"reads 3 symbols, not {steps}; give it 3, or "):
        CharThree(CONFIG, LAST)(Batch(tokens(steps)))


def test_the_two_weights_of_the_concatenation_are_one_matrix_over_state_and_input() -> None:
    cell, generator = ConcatCell(H), torch.Generator().manual_seed(0)
    weights = {
        name: torch.randn(shape, generator=generator, dtype=torch.float64)
        for name, shape in cell.parameter_shapes(E).items()
    }
    inputs = torch.randn(B, E, generator=generator, dtype=torch.float64)
    state = torch.randn(B, H, generator=generator, dtype=torch.float64)
    whole = torch.cat([weights["weight_ch"], weights["weight_ih"]], dim=1)  # (H, H + E)
    side_by_side = torch.cat([state, inputs], dim=1)
    mixed = torch.relu(linear(side_by_side, whole, weights["bias_ih"]))
    expected = torch.tanh(linear(mixed, weights["weight_hh"], weights["bias_hh"]))
    projected = cell.project(weights, inputs.unsqueeze(1))[:, 0]
    output, _ = cell.step(weights, projected, HiddenState(state))
    torch.testing.assert_close(output, expected, rtol=0, atol=EXACT)


def test_char_rnn_equals_the_last_output_of_torchs_rnn() -> None:
    model, layer = char_rnn(CONFIG, LAST).double(), nn.RNN(E, H, batch_first=True).double()
    layer.load_state_dict(model.recurrent.state_dict())
    assert model.embedding is not None
    outputs, _ = layer(model.embedding(tokens(8)))
    expected = model.output(outputs[:, -1])
    torch.testing.assert_close(model(Batch(tokens(8))).logits, expected, rtol=0, atol=EXACT)


def recurrent_weight(model: RecurrentModel) -> Tensor:
    """W_hh."""
    return model.recurrent.get_parameter("weight_hh_l0").detach()


def test_recurrent_weights_can_start_as_the_identity() -> None:
    uniform = CharSeqRnnConfig(embedding_size=E, hidden_size=H)
    identity = replace(uniform, recurrent_initializer="identity")
    assert torch.equal(recurrent_weight(char_seq_rnn(identity, EVERY)), torch.eye(H))
    assert recurrent_weight(char_seq_rnn(uniform, EVERY)).abs().max() <= H**-0.5
