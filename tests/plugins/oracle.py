"""The oracle: a layer of ours against torch's in float64: outputs, states and gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.torch_layers import TorchKernel
from zoo_core.runtime.nn.cell import AbstractCell
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.state import HiddenState, LstmState, State
from zoo_kernels.kernel import NativeKernel
from zoo_kernels.library import native_library

F, H = 3, 5
EXACT = 1e-12
NATIVE = () if isinstance(native_library(), str) else (NativeKernel(),)
KERNELS: tuple[AbstractKernel, ...] = (
    ReferenceKernel(),
    TorchKernel(),
    PortableKernel(),
    *NATIVE,
)

every_kernel = pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
every_projecting_kernel = pytest.mark.parametrize(
    "kernel", KERNELS[:2], ids=lambda kernel: kernel.name
)
every_shape = pytest.mark.parametrize(("batch", "steps"), [(1, 1), (1, 7), (4, 1), (3, 6)], ids=str)
every_stack = pytest.mark.parametrize("layers", [1, 2, 3])
either_way = pytest.mark.parametrize("both", [False, True], ids=["one-way", "both-ways"])
with_and_without_bias = pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])


class Pair(NamedTuple):
    """A layer of ours and torch's layer of the same equations."""

    ours: Recurrent
    theirs: nn.RNNBase

    def share_weights(self, kernel: AbstractKernel) -> Pair:
        """Random weights in float64, moved over by ``load_state_dict`` alone."""
        self.ours.double()
        self.theirs.double().load_state_dict(self.ours.state_dict())
        self.ours.kernels = (kernel,)
        return self

    def inputs(self, batch: int, steps: int) -> Tensor:
        """Random inputs (B, T, F)."""
        return torch.randn(batch, steps, F, dtype=torch.float64)

    def start(self, batch: int) -> Any:
        """A random state as torch has it."""
        count = self.ours.num_layers * self.ours.directions
        hidden = torch.randn(count, batch, self.ours.cell.output_size, dtype=torch.float64)
        cell = torch.randn(count, batch, H, dtype=torch.float64)
        return (hidden, cell) if isinstance(self.theirs, nn.LSTM) else hidden


class Answer(NamedTuple):
    """What a layer makes of inputs."""

    outputs: Tensor
    state: list[Tensor]
    gradients: dict[str, Tensor]


def pair(
    cell: AbstractCell[Any], theirs: Callable[..., nn.RNNBase], layers: int, both: bool, **how: Any
) -> Pair:
    """The two layers, with unlike weights still."""
    torch.manual_seed(0)
    ours = Recurrent(cell, F, num_layers=layers, bidirectional=both)
    return Pair(ours, theirs(F, H, layers, bidirectional=both, batch_first=True, **how))


def our_state(state: Any) -> State:
    """Torch's state in our form."""
    if isinstance(state, Tensor):
        return tuple(HiddenState(each) for each in state)
    return tuple(LstmState(h, c) for h, c in zip(*state, strict=True))


def our_answer(layer: Recurrent, inputs: Tensor, start: Any, lengths: Tensor | None) -> Answer:
    """What our layer makes of inputs."""
    given = inputs.clone().requires_grad_()
    outputs, after = layer(given, None if start is None else our_state(start), lengths)
    return answer(layer, given, outputs, [torch.stack(each) for each in zip(*after, strict=True)])


def their_answer(layer: nn.RNNBase, inputs: Tensor, start: Any, lengths: Tensor | None) -> Answer:
    """What torch's layer makes of inputs, packed if they have lengths."""
    given = inputs.clone().requires_grad_()
    if lengths is None:
        outputs, after = layer(given, start)
    else:
        packed = pack_padded_sequence(given, lengths, batch_first=True, enforce_sorted=False)
        packed_outputs, after = layer(packed, start)
        outputs, _ = pad_packed_sequence(
            packed_outputs, batch_first=True, total_length=inputs.shape[1]
        )
    return answer(layer, given, outputs, list(after) if isinstance(after, tuple) else [after])


def answer(layer: nn.Module, given: Tensor, outputs: Tensor, state: list[Tensor]) -> Answer:
    """The answer, with the gradients of a scalar that weighs every output and state unlike."""
    outcome = torch.cat([outputs.flatten(), *(each.flatten() for each in state)])
    torch.autograd.backward((outcome * torch.arange(len(outcome)).cos()).sum())
    gradients = {name: each.grad for name, each in layer.named_parameters()} | {"": given.grad}
    return Answer(
        outputs, state, {name: each for name, each in gradients.items() if each is not None}
    )


def assert_equal(pair: Pair, inputs: Tensor, start: Any, lengths: Tensor | None = None) -> None:
    """Outputs, states and every gradient agree within 1e-12."""
    expected = their_answer(pair.theirs, inputs, start, lengths)
    assert len(expected.gradients) == 1 + len(list(pair.theirs.parameters()))
    ours = our_answer(pair.ours, inputs, start, lengths)
    torch.testing.assert_close(ours._asdict(), expected._asdict(), rtol=0, atol=EXACT)


def assert_interchangeable(pair: Pair) -> None:
    """A state dict goes there and back, under the same names in the same order."""
    first = {name: each.clone() for name, each in pair.theirs.state_dict().items()}
    pair.ours.load_state_dict(first)
    for parameter in pair.theirs.parameters():
        nn.init.zeros_(parameter)
    pair.theirs.load_state_dict(pair.ours.state_dict())
    assert list(pair.ours.state_dict()) == list(first)
    torch.testing.assert_close(dict(pair.theirs.state_dict()), first, rtol=0, atol=0)
