"""Backpropagation through time, written out: the products over all steps at once."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd import Function

from zoo_core.runtime.hardware.device import multiplies_bfloat16
from zoo_core.runtime.kernels.cell_passes import AbstractSweep
from zoo_core.runtime.kernels.projection import inner_bias, input_gradients, outer_bias, project
from zoo_core.runtime.kernels.schedule import Walk
from zoo_core.runtime.nn.cell import Weights
from zoo_core.runtime.nn.state import LayerState, rebuild

INPUTS, START = 3, 8
"""Where the inputs are among what ``Recurrence`` is given, and where the start begins."""


@final
class Recurrence(Function):
    """One layer in one direction, between a sweep and autograd.

    Products are made in one dtype, which autocast may choose; states, sums and gradients are in
    that of the weights.

    The inputs of all steps are projected in one product, tokens by picking rows of a table; the
    weights' gradients are one product over all steps each.
    """

    @staticmethod
    def forward(
        ctx: Any,
        sweep: AbstractSweep,
        walk: Walk,
        dtype: torch.dtype,
        inputs: Tensor,
        weight_ih: Tensor,
        weight_hh: Tensor,
        bias_ih: Tensor | None,
        bias_hh: Tensor | None,
        *start: Tensor,
    ) -> tuple[Tensor, ...]:
        """Features (T, B, F) or tokens (T, B), and a state (B, H) each, to outputs (T, B, H)
        and the last state."""  # noqa: D205, D209
        inputs = inputs.flatten(0, 1)
        inner = inner_bias(sweep, weight_hh, bias_hh)
        bias = outer_bias(sweep, weight_hh, bias_ih, bias_hh)
        projected = project(inputs, weight_ih, bias, dtype)
        states = tuple(walk.slots(each) for each in start)
        gates = projected.view(walk.steps, -1, len(weight_hh))
        kept = sweep.forth(walk, gates, weight_hh.to(dtype), inner, states)
        ctx.sweep, ctx.walk, ctx.dtype, ctx.kept = sweep, walk, dtype, len(kept)
        ctx.biases = bias_ih is not None, bias_hh is not None
        ctx.save_for_backward(inputs, weight_ih, weight_hh, *kept, *states)
        ctx.set_materialize_grads(False)
        return walk.after(states[0]), *(each[walk.last].clone() for each in states)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor | None) -> tuple[Tensor | None, ...]:
        """The gradient of everything that ``forward`` was given.

        Raises:
            NotImplementedError: It is to be differentiated itself.
        """
        if torch.is_grad_enabled():  # as with create_graph
            raise NotImplementedError("second derivatives take the backend reference or torch")
        expected = ctx.needs_input_grad
        walk: Walk = ctx.walk._replace(cut=not any(expected[START:]))
        inputs, weight_ih, weight_hh, *rest = ctx.saved_tensors
        kept, states = tuple(rest[: ctx.kept]), tuple(rest[ctx.kept :])
        down = _slopes(walk, states, slopes)
        found = ctx.sweep.back(walk, weight_hh.to(ctx.dtype), states, kept, down)
        wide = found.projected.flatten(0, 1)  # (T·B, at least G)
        d_weight_ih, d_bias = input_gradients(wide, inputs, weight_ih, ctx.dtype)
        d_inputs = None
        if expected[INPUTS]:
            product = wide[:, -len(weight_ih) :].to(ctx.dtype) @ weight_ih.to(ctx.dtype)
            d_inputs = product.to(wide.dtype).view(walk.steps, -1, weight_ih.shape[1])
        d_bias_hh = d_bias
        if found.bias_hh is not None:
            d_bias_hh = torch.cat([d_bias[: -len(found.bias_hh)], found.bias_hh])
        biases = (d_bias if ctx.biases[0] else None, d_bias_hh if ctx.biases[1] else None)
        start = (None,) * len(down) if walk.cut else (down[0][walk.first], *down[1:])
        return None, None, None, d_inputs, d_weight_ih, found.weight_hh, *biases, *start


def _slopes(
    walk: Walk, states: tuple[Tensor, ...], slopes: tuple[Tensor | None, ...]
) -> tuple[Tensor, ...]:
    """The gradients of outputs and last state where a sweep back begins."""
    outputs, hidden, *cells = slopes
    down = torch.zeros_like(states[0]) if outputs is None else torch.empty_like(states[0])
    if outputs is not None:
        down[walk.first] = 0
        if walk.lengths is not None:
            down[-1] = down[0] = 0
        walk.after(down).copy_(outputs)
    if hidden is not None:
        down[walk.last] += hidden
    last = (
        torch.zeros_like(buffer[0])
        if slope is None
        else slope.clone(memory_format=torch.contiguous_format)  # it may lie in any order
        for buffer, slope in zip(states[1:], cells, strict=True)
    )
    return down, *last


def run(
    sweep: AbstractSweep,
    weights: Weights,
    inputs: Tensor,
    state: LayerState,
    *,
    lengths: Tensor | None,
    reverse: bool,
) -> tuple[Tensor, LayerState]:
    """A kernel's ``scan`` by means of a sweep: rows sorted by length, steps first, and back."""
    dtype = weights["weight_hh"].dtype
    start = [each.to(dtype) for each in state]
    if lengths is not None:
        lengths, order = lengths.cpu().sort(descending=True, stable=True)
        inputs = inputs.index_select(0, order)
        start = [each.index_select(0, order) for each in start]
    walk = Walk.over(inputs.shape[1], reverse, lengths)
    if inputs.is_floating_point():
        inputs = inputs.to(dtype)
    given = [weights.get(name) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    device = inputs.device.type
    casting = torch.is_autocast_enabled(device)
    if casting and dtype == torch.float32 and multiplies_bfloat16(device):
        dtype = torch.get_autocast_dtype(device)
    with torch.autocast(device, enabled=False) if casting else nullcontext():
        found = Recurrence.apply(sweep, walk, dtype, inputs.transpose(0, 1), *given, *start)
    outputs, *after = found
    outputs = outputs.transpose(0, 1)  # (B, T, H)
    if lengths is not None:
        valid = torch.arange(walk.steps) < lengths.unsqueeze(1)
        back = order.argsort()
        outputs = torch.where(valid.unsqueeze(2), outputs, 0).index_select(0, back)
        after = [each.index_select(0, back) for each in after]
    return outputs, rebuild(state, after)
