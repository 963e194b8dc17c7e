"""Connects a cell's passes to autograd."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd import Function

from zoo_core.errors import MisfitError
from zoo_core.runtime.hardware.device import multiplies_bfloat16
from zoo_core.runtime.kernels.cell_passes import AbstractCellPasses, ResultGradients
from zoo_core.runtime.kernels.layer_passes import (
    LayerResult,
    LayerWeights,
    layer_backward,
    layer_forward,
)
from zoo_core.runtime.kernels.schedule import TimeSchedule
from zoo_core.runtime.nn.cell import Weights
from zoo_core.runtime.nn.state import LayerState, rebuild
from zoo_core.runtime.nn.torch_modes import autocasts

INPUTS_POSITION, STATE_POSITION = 3, 8
"""Positions of the inputs and of the first state tensor in ``Recurrence.forward``'s arguments."""


@final
class Recurrence(Function):
    """One layer in one direction by a cell's passes."""

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
        weights = LayerWeights(weight_ih, weight_hh, bias_ih, bias_hh)
        result = layer_forward(passes, schedule, dtype, inputs, weights, initial_state)
        ctx.passes, ctx.schedule, ctx.dtype = passes, schedule, dtype
        ctx.token_passes, ctx.saved_count = result.token_passes, len(result.saved)
        ctx.save_for_backward(result.inputs, *weights, *result.saved, *result.states)
        ctx.set_materialize_grads(False)
        return result.outputs(schedule), *result.last_state(schedule)

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
        inputs, *tensors = ctx.saved_tensors
        weights, buffers = LayerWeights(*tensors[:4]), tensors[4:]
        saved, states = tuple(buffers[: ctx.saved_count]), tuple(buffers[ctx.saved_count :])
        gradients = layer_backward(
            ctx.passes,
            schedule,
            ctx.dtype,
            weights,
            LayerResult(inputs, ctx.token_passes, saved, states),
            ResultGradients(grad_outputs[0], grad_outputs[1:]),
            needs_inputs=needs_grad[INPUTS_POSITION],
        )
        d_inputs, d_weights, d_initial_state = gradients
        return None, None, None, d_inputs, *d_weights, *d_initial_state


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

    Raises:
        MisfitError: The weights differ in dtype or device, which not all passes notice.
    """
    dtype, place = weights["weight_hh"].dtype, weights["weight_hh"].device
    for name, weight in weights.items():
        if weight.dtype != dtype or weight.device != place:
            raise MisfitError(
                f"{name} is {weight.dtype} on {weight.device}, expected {dtype} on {place} as "
                "weight_hh is; convert the whole layer"
            )
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
    casting = autocasts(device)
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
