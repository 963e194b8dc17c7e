"""The oracle: a layer of the zoo compared with torch's in float64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
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

PROJECTING_KERNELS = KERNELS[:2]
SHAPES = ((1, 1), (1, 7), (4, 1), (3, 6))
"""B and T."""
LENGTHS = ([6, 1, 4, 2], [1, 1], [3])
"""Valid steps of each row, of 6."""
with_several_layers = pytest.mark.parametrize(
    "layers", [1, pytest.param(2, marks=pytest.mark.gate), 3], ids="{}-layers".format
)
with_and_without_bias = pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])


class Pair(NamedTuple):
    """A layer of the zoo and torch's layer with the same equations."""

    ours: Recurrent
    theirs: nn.RNNBase

    def share_weights(self) -> Pair:
        """Gives both layers the same weights in float64, by ``load_state_dict`` alone."""
        self.ours.double()
        self.theirs.double().load_state_dict(self.ours.state_dict())
        return self

    def inputs(self, batch: int, steps: int) -> Tensor:
        """Random inputs (B, T, F)."""
        return torch.randn(batch, steps, F, dtype=torch.float64)

    def start(self, batch: int) -> Any:
        """A random state in torch's form."""
        count = self.ours.num_layers * self.ours.directions
        hidden = torch.randn(count, batch, self.ours.cell.output_size, dtype=torch.float64)
        cell = torch.randn(count, batch, H, dtype=torch.float64)
        return (hidden, cell) if isinstance(self.theirs, nn.LSTM) else hidden


class Results(NamedTuple):
    """Outputs, last state and gradients of a layer."""

    outputs: Tensor
    state: list[Tensor]
    gradients: dict[str, Tensor]


def pair(
    cell: AbstractCell[Any],
    theirs: Callable[..., nn.RNNBase],
    layers: int,
    both: bool,
    **options: Any,
) -> Pair:
    """The two layers, with different weights."""
    torch.manual_seed(0)
    ours = Recurrent(cell, F, num_layers=layers, bidirectional=both)
    return Pair(ours, theirs(F, H, layers, bidirectional=both, batch_first=True, **options))


def our_state(state: Any) -> State:
    """Converts torch's state to the zoo's."""
    if isinstance(state, Tensor):
        return tuple(HiddenState(hidden) for hidden in state)
    return tuple(LstmState(h, c) for h, c in zip(*state, strict=True))


def our_results(layer: Recurrent, inputs: Tensor, start: Any, lengths: Tensor | None) -> Results:
    """Runs the zoo's layer forward and backward."""
    leaf = inputs.clone().requires_grad_()
    outputs, after = layer(leaf, None if start is None else our_state(start), lengths)
    return with_gradients(
        layer, leaf, outputs, [torch.stack(tensors) for tensors in zip(*after, strict=True)]
    )


def their_results(layer: nn.RNNBase, inputs: Tensor, start: Any, lengths: Tensor | None) -> Results:
    """Runs torch's layer forward and backward, over packed sequences if there are lengths."""
    leaf = inputs.clone().requires_grad_()
    if lengths is None:
        outputs, after = layer(leaf, start)
    else:
        packed = pack_padded_sequence(leaf, lengths, batch_first=True, enforce_sorted=False)
        packed_outputs, after = layer(packed, start)
        outputs, _ = pad_packed_sequence(
            packed_outputs, batch_first=True, total_length=inputs.shape[1]
        )
    return with_gradients(
        layer, leaf, outputs, list(after) if isinstance(after, tuple) else [after]
    )


def with_gradients(layer: nn.Module, leaf: Tensor, outputs: Tensor, state: list[Tensor]) -> Results:
    """Adds the gradients of a scalar to which every output and state contributes differently."""
    outcome = torch.cat([outputs.flatten(), *(tensor.flatten() for tensor in state)])
    torch.autograd.backward((outcome * torch.arange(len(outcome)).cos()).sum())
    gradients = {name: weight.grad for name, weight in layer.named_parameters()} | {"": leaf.grad}
    return Results(
        outputs, state, {name: grad for name, grad in gradients.items() if grad is not None}
    )


def assert_equals_torch(
    make: Callable[[int, bool, bool], Pair],
    layers: int,
    kernels: Sequence[AbstractKernel] = KERNELS,
    shapes: Sequence[tuple[int, int]] = SHAPES,
    padded: Sequence[list[int]] = LENGTHS,
) -> None:
    """Checks every kernel with some layers, one and both directions, with and without bias.

    Outputs, states and all gradients must agree within 1e-12.

    Args:
        make: Creates the two layers, from the number of layers, whether both directions are run
            and whether there are biases.
        layers: The number of layers.
        kernels: The kernels of the zoo's layer.
        shapes: The sizes B and T of whole batches; the last one also starts from zeros.
        padded: The valid steps of each row of batches with padding.
    """
    for both, bias in product((False, True), (True, False)):
        pair = make(layers, both, bias).share_weights()
        cases: list[tuple[Tensor, Any, Tensor | None]] = []
        for batch, steps in shapes:
            cases.append((pair.inputs(batch, steps), pair.start(batch), None))
        cases.append((pair.inputs(*shapes[-1]), None, None))
        for valid in padded:
            rows = len(valid)
            cases.append((pair.inputs(rows, 6), pair.start(rows), torch.tensor(valid)))
        for inputs, start, lengths in cases:
            pair.theirs.zero_grad()
            expected = their_results(pair.theirs, inputs, start, lengths)
            assert len(expected.gradients) == 1 + len(list(pair.theirs.parameters()))
            for kernel in kernels:
                pair.ours.kernels = (kernel,)
                pair.ours.zero_grad()
                ours = our_results(pair.ours, inputs, start, lengths)
                size = f"{tuple(inputs.shape)}, lengths {lengths}"
                torch.testing.assert_close(
                    ours._asdict(),
                    expected._asdict(),
                    rtol=0,
                    atol=EXACT,
                    msg=f"{kernel.name} differs: {layers} layers, {both=}, {bias=}, {size}",
                )


def assert_interchangeable(pair: Pair) -> None:
    """Checks that a state dict loads in both directions, with the same names in the same order."""
    first = {name: tensor.clone() for name, tensor in pair.theirs.state_dict().items()}
    pair.ours.load_state_dict(first)
    for parameter in pair.theirs.parameters():
        nn.init.zeros_(parameter)
    pair.theirs.load_state_dict(pair.ours.state_dict())
    assert list(pair.ours.state_dict()) == list(first)
    torch.testing.assert_close(dict(pair.theirs.state_dict()), first, rtol=0, atol=0)
