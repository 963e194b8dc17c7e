"""Backpropagation through time, with the products over all steps made at once."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd import Function

from zoo_core.runtime.hardware.device import multiplies_bfloat16
from zoo_core.runtime.kernels.cell_passes import AbstractCellPasses, AbstractTokenPasses
from zoo_core.runtime.kernels.projection import (
    input_bias,
    input_gradients,
    project,
    recurrent_bias,
    symbol_table,
    table_gradients,
)
from zoo_core.runtime.kernels.schedule import TimeSchedule
from zoo_core.runtime.nn.cell import Weights
from zoo_core.runtime.nn.state import LayerState, rebuild

INPUTS_POSITION, STATE_POSITION = 3, 8
"""Positions of the inputs and of the first state tensor in ``Recurrence.forward``'s arguments."""


@final
class Recurrence(Function):
    """One layer in one direction: connects a cell's passes to autograd.

    The inputs of all steps are projected in one product, or by selecting rows of a table for
    tokens, which some passes do themselves. Each gradient of a weight is one product over all
    steps. Products are made in one dtype, which autocast may choose; states, sums and gradients
    have the dtype of the weights.
    """

    @staticmethod
    def forward(
        ctx: Any,
        passes: AbstractCellPasses,
        schedule: TimeSchedule,
        dtype: torch.dtype,
        inputs: Tensor,
        weight_ih: Tensor,
        weight_hh: Tensor,
        bias_ih: Tensor | None,
        bias_hh: Tensor | None,
        *initial_state: Tensor,
    ) -> tuple[Tensor, ...]:
        """Maps features (T, B, F) or tokens (T, B) and a state to outputs and the last state.

        Args:
            ctx: Autograd's context.
            passes: The cell's passes.
            schedule: The order of the steps.
            dtype: The dtype of the products.
            inputs: Features (T, B, F) or tokens (T, B).
            weight_ih: (G, F).
            weight_hh: (G, H).
            bias_ih: (G,), or None.
            bias_hh: (G,), or None.
            *initial_state: The tensors of the state, (B, H) each.

        Returns:
            The outputs (T, B, H) and the tensors of the last state, (B, H) each.
        """
        inputs = inputs.flatten(0, 1)
        bias = input_bias(passes, weight_hh, bias_ih, bias_hh)
        states = tuple(schedule.state_buffer(tensor) for tensor in initial_state)
        separate_bias = recurrent_bias(passes, weight_hh, bias_hh)
        others = (weight_hh.to(dtype), separate_bias, states)
        ctx.token_passes = _token_passes(passes, inputs, weight_ih.shape[1])
        if ctx.token_passes is not None:
            tokens, table = _time_major(inputs, schedule), symbol_table(weight_ih, bias)
            saved = ctx.token_passes.forward_tokens(schedule, tokens, table, *others)
        else:
            projected = project(inputs, weight_ih, bias, dtype)
            projected = projected.view(schedule.steps, -1, len(weight_hh))
            saved = passes.forward(schedule, projected, *others)
        ctx.passes, ctx.schedule, ctx.dtype, ctx.saved_count = passes, schedule, dtype, len(saved)
        ctx.has_bias_ih, ctx.has_bias_hh = bias_ih is not None, bias_hh is not None
        ctx.save_for_backward(inputs, weight_ih, weight_hh, *saved, *states)
        ctx.set_materialize_grads(False)
        last_state = (buffer[schedule.final_index].clone() for buffer in states)
        return schedule.after(states[0]), *last_state

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor | None) -> tuple[Tensor | None, ...]:
        """Returns the gradient of every argument of ``forward``.

        Raises:
            NotImplementedError: A second derivative is asked for.
        """
        if torch.is_grad_enabled():  # as with create_graph
            raise NotImplementedError("second derivatives take the backend reference or torch")
        needs_grad = ctx.needs_input_grad
        schedule: TimeSchedule = ctx.schedule._replace(
            needs_initial_grad=any(needs_grad[STATE_POSITION:])
        )
        inputs, weight_ih, weight_hh, *buffers = ctx.saved_tensors
        saved, states = tuple(buffers[: ctx.saved_count]), tuple(buffers[ctx.saved_count :])
        grad_states = _grad_states(schedule, states, grad_outputs)
        others = (weight_hh.to(ctx.dtype), states, saved, grad_states)
        if ctx.token_passes is not None:
            tokens, symbols = _time_major(inputs, schedule), weight_ih.shape[1]
            gradients = ctx.token_passes.backward_tokens(schedule, tokens, symbols, *others)
            d_weight_ih, d_bias = table_gradients(gradients.projected, weight_ih)
        else:
            gradients = ctx.passes.backward(schedule, *others)
            grad_projected = gradients.projected.flatten(0, 1)  # (T·B, at least G)
            rounded = grad_projected
            if gradients.rounded is not None:
                rounded = gradients.rounded.flatten(0, 1)
            d_weight_ih, d_bias = input_gradients(
                grad_projected, rounded, inputs, weight_ih, ctx.dtype
            )
        d_inputs = None
        if needs_grad[INPUTS_POSITION]:
            gate_columns = rounded[:, -len(weight_ih) :]
            product = gate_columns.to(ctx.dtype) @ weight_ih.to(ctx.dtype)
            d_inputs = product.to(grad_projected.dtype).view(schedule.steps, -1, weight_ih.shape[1])
        d_bias_hh = d_bias
        if gradients.bias_hh is not None:
            d_bias_hh = torch.cat([d_bias[: -len(gradients.bias_hh)], gradients.bias_hh])
        d_initial_state: tuple[Tensor | None, ...] = (None,) * len(grad_states)
        if schedule.needs_initial_grad:
            d_initial_state = (grad_states[0][schedule.initial_index], *grad_states[1:])
        return (
            None,
            None,
            None,
            d_inputs,
            d_weight_ih,
            gradients.weight_hh,
            d_bias if ctx.has_bias_ih else None,
            d_bias_hh if ctx.has_bias_hh else None,
            *d_initial_state,
        )


def _token_passes(
    passes: AbstractCellPasses, inputs: Tensor, symbols: int
) -> AbstractTokenPasses | None:
    """Returns the passes if they look these inputs up; None for features and for other passes."""
    if inputs.dtype != torch.int64 or not isinstance(passes, AbstractTokenPasses):
        return None
    if len(inputs) == 0 or not passes.takes_tokens(len(inputs), symbols):
        return None
    lowest, highest = inputs.aminmax()
    is_safe = int(lowest) >= 0 and int(highest) < symbols  # torch reports a token that is no symbol
    return passes if is_safe else None


def _time_major(tokens: Tensor, schedule: TimeSchedule) -> Tensor:
    """Returns tokens (T·B,) as (T, B), side by side in memory; a single row may not be."""
    return tokens.view(schedule.steps, -1).contiguous()


def _grad_states(
    schedule: TimeSchedule, states: tuple[Tensor, ...], grad_outputs: tuple[Tensor | None, ...]
) -> tuple[Tensor, ...]:
    """The gradients of the states, before any backward step, for ``AbstractCellPasses.backward``.

    Args:
        schedule: The order of the steps.
        states: The state buffers, (T + 1, B, H) each.
        grad_outputs: The gradients of the outputs (T, B, H) and of the last state's tensors, each
            None where it is zero.

    Returns:
        The gradient of the hidden states, (T + 1, B, H), and of the last cell state, (B, H).
    """
    grad_sequence, grad_hidden, *grad_cells = grad_outputs
    if grad_sequence is None:
        buffer = torch.zeros_like(states[0])
    else:
        buffer = torch.empty_like(states[0])
        buffer[schedule.initial_index] = 0
        if schedule.lengths is not None:
            buffer[-1] = buffer[0] = 0
        schedule.after(buffer).copy_(grad_sequence)
    if grad_hidden is not None:
        buffer[schedule.final_index] += grad_hidden
    last_cells = [
        torch.zeros_like(cells[0])
        if grad is None
        else grad.clone(memory_format=torch.contiguous_format)  # autograd may give any strides
        for cells, grad in zip(states[1:], grad_cells, strict=True)
    ]
    return buffer, *last_cells


def scan_with_passes(
    passes: AbstractCellPasses,
    weights: Weights,
    inputs: Tensor,
    state: LayerState,
    *,
    lengths: Tensor | None,
    reverse: bool,
) -> tuple[Tensor, LayerState]:
    """A kernel's ``scan`` by a cell's passes; arguments and result as in ``AbstractKernel.scan``.

    The passes take time-major tensors with the rows sorted by decreasing length; this converts
    to that order and back.
    """
    dtype = weights["weight_hh"].dtype
    initial_state = [tensor.to(dtype) for tensor in state]
    if lengths is not None:
        lengths, order = lengths.cpu().sort(descending=True, stable=True)
        inputs = inputs.index_select(0, order)
        initial_state = [tensor.index_select(0, order) for tensor in initial_state]
    schedule = TimeSchedule.for_lengths(inputs.shape[1], reverse, lengths)
    tensors = (*weights.values(), inputs, *initial_state)
    needs_grad = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    schedule = schedule._replace(needs_grad=needs_grad)
    if inputs.is_floating_point():
        inputs = inputs.to(dtype)
    parameters = [weights.get(name) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    device = inputs.device.type
    casting = torch.is_autocast_enabled(device)
    if casting and dtype == torch.float32 and multiplies_bfloat16(device):
        dtype = torch.get_autocast_dtype(device)
    with torch.autocast(device, enabled=False) if casting else nullcontext():
        outputs, *last_state = Recurrence.apply(
            passes, schedule, dtype, inputs.transpose(0, 1), *parameters, *initial_state
        )
    outputs = outputs.transpose(0, 1)  # (B, T, H)
    if lengths is not None:
        valid = torch.arange(schedule.steps) < lengths.unsqueeze(1)
        original_order = order.argsort()
        outputs = torch.where(valid.unsqueeze(2), outputs, 0).index_select(0, original_order)
        last_state = [tensor.index_select(0, original_order) for tensor in last_state]
    return outputs, rebuild(state, last_state)
