"""What is recorded at every step is what torch's layers and the equations give."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.testing.faulty.matrix import MatrixCell
from zoo_core.errors import MisfitError
from zoo_core.runtime.inspection.recording import SignalName, Values, recording
from zoo_core.runtime.nn import Recurrent, ReferenceKernel
from zoo_gru.cell import GruCell
from zoo_lstm.cell import LstmCell

T, F, H = 7, 3, 4


def recorded(layer: Recurrent, inputs: Tensor) -> tuple[Tensor, Values]:
    """Returns the outputs of a layer, and what was recorded."""
    with torch.no_grad(), recording(layer) as result:
        outputs, _ = layer(inputs)
        return outputs, result.take(inputs.shape[1])


@pytest.fixture
def inputs() -> Tensor:
    """Features (1, T, F)."""
    generator = torch.Generator().manual_seed(3)
    return torch.randn(1, T, F, generator=generator, dtype=torch.float64)


def test_both_directions_of_every_layer_are_those_of_torch(inputs: Tensor) -> None:
    layer = Recurrent(LstmCell(H), F, num_layers=2, bidirectional=True).double()
    torch_layer = torch.nn.LSTM(F, H, 2, bidirectional=True, batch_first=True).double()
    torch_layer.load_state_dict(layer.state_dict())
    outputs, values = recorded(layer, inputs)
    expected, _ = torch_layer(inputs)
    hidden = values[SignalName(1, "hidden", False)]
    assert torch.equal(hidden, outputs[0])
    assert (hidden - expected[0]).abs().max() < 1e-12


def test_the_gates_of_an_lstm_give_its_states(inputs: Tensor) -> None:
    _, values = recorded(Recurrent(LstmCell(H), F).double(), inputs)
    gates = {signal.name: value for signal, value in values.items()}
    before = torch.cat([torch.zeros(1, H, dtype=torch.float64), gates["cell"][:-1]])
    cell = gates["forget"] * before + gates["input"] * gates["candidate"]
    assert torch.equal(cell, gates["cell"])
    assert torch.equal(gates["output"] * cell.tanh(), gates["hidden"])


def test_the_gates_of_a_gru_give_its_state(inputs: Tensor) -> None:
    _, values = recorded(Recurrent(GruCell(H), F).double(), inputs)
    gates = {signal.name: value for signal, value in values.items()}
    before = torch.cat([torch.zeros(1, H, dtype=torch.float64), gates["hidden"][:-1]])
    update = gates["update"]
    assert torch.equal((1 - update) * gates["candidate"] + update * before, gates["hidden"])
    assert {signal.name for signal in values if signal.is_gate} == {"reset", "update", "candidate"}


def test_a_cell_of_a_third_party_is_recorded_by_its_state_and_output(inputs: Tensor) -> None:
    outputs, values = recorded(Recurrent(MatrixCell(H), F).double(), inputs)
    assert torch.equal(values[SignalName(0, "hidden", False)], outputs[0])
    assert values[SignalName(0, "memory", False)].shape == (T, H * H)


def test_only_what_is_wanted_is_kept(inputs: Tensor) -> None:
    layer = Recurrent(LstmCell(H), F, num_layers=2).double()
    with torch.no_grad(), recording(layer, lambda signal: signal.layer == 1) as result:
        layer(inputs)
        assert {signal.layer for signal in result.take(T)} == {1}


def test_the_kernels_are_back_after_an_error(inputs: Tensor) -> None:
    layer = Recurrent(LstmCell(H), F).double()
    layer.chooses_by_size = True
    with pytest.raises(MisfitError), recording(layer):
        layer(inputs.repeat(1, 1, 2))
    assert isinstance(layer.kernel, ReferenceKernel)
    assert layer.chooses_by_size


def test_a_layer_that_takes_other_steps_is_refused(inputs: Tensor) -> None:
    layer = Recurrent(LstmCell(H), F).double()
    with torch.no_grad(), recording(layer) as result:
        layer(inputs[:, :2])
        with pytest.raises(MisfitError, match="layer 0 takes 2 steps for 7 symbols"):
            result.take(T)
