"""One layer in one direction by a cell's passes: forward, and backward through time.

The inputs of all steps are projected in one product, or by selecting rows of a table for tokens,
which some passes do themselves. Each gradient of a weight is one product over all steps. Products
are made in one dtype, which autocast may choose; states, sums and gradients have the dtype of the
weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor

from zoo_core.runtime.kernels.cell_passes import (
    AbstractCellPasses,
    AbstractTokenPasses,
    ResultGradients,
    Saved,
)
from zoo_core.runtime.kernels.projection import (
    input_bias,
    input_gradients,
    project,
    recurrent_bias,
    symbol_table,
    table_gradients,
)
from zoo_core.runtime.kernels.schedule import TimeSchedule


@final
class LayerWeights(NamedTuple):
    """The weights of a layer.

    Args:
        weight_ih: (G, F).
        weight_hh: (G, H).
        bias_ih: (G,), or None.
        bias_hh: (G,), or None.
    """

    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None
    bias_hh: Tensor | None


@final
class LayerResult(NamedTuple):
    """What a forward pass computed, and what the backward pass needs of it.

    Args:
        inputs: Features (T·B, F) or tokens (T·B,).
        token_passes: The passes, if they looked the tokens up.
        saved: What the passes returned.
        states: The buffers of the states, (T + 1, B, H) each.
    """

    inputs: Tensor
    token_passes: AbstractTokenPasses | None
    saved: Saved
    states: tuple[Tensor, ...]

    def outputs(self, schedule: TimeSchedule) -> Tensor:
        """Returns the outputs, (T, B, H)."""
        return schedule.after(self.states[0])

    def last_state(self, schedule: TimeSchedule) -> list[Tensor]:
        """Returns copies of the tensors of the last state, (B, H) each."""
        return [buffer[schedule.final_index].clone() for buffer in self.states]


@final
class LayerGradients(NamedTuple):
    """The gradients of a layer.

    Args:
        inputs: (T, B, F); None for tokens, and where it is not needed.
        weights: The gradients of the weights, None where a weight is.
        initial_state: Those of the initial state, (B, H) each; None each where they are not needed.
    """

    inputs: Tensor | None
    weights: LayerWeights
    initial_state: tuple[Tensor | None, ...]


def layer_forward(
    passes: AbstractCellPasses,
    schedule: TimeSchedule,
    dtype: torch.dtype,
    inputs: Tensor,
    weights: LayerWeights,
    initial_state: Sequence[Tensor],
) -> LayerResult:
    """Runs the steps forward.

    Args:
        passes: The cell's passes.
        schedule: The order of the steps.
        dtype: The dtype of the products.
        inputs: Features (T, B, F) or tokens (T, B).
        weights: The weights.
        initial_state: The tensors of the state, (B, H) each.
    """
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    inputs = inputs.flatten(0, 1)
    bias = input_bias(passes, weight_hh, bias_ih, bias_hh)
    states = tuple(schedule.state_buffer(tensor) for tensor in initial_state)
    separate_bias = recurrent_bias(passes, weight_hh, bias_hh)
    others = (weight_hh.to(dtype), separate_bias, states)
    token_passes = _token_passes(passes, inputs, weight_ih.shape[1])
    if token_passes is not None:
        tokens, table = _time_major(inputs, schedule), symbol_table(weight_ih, bias)
        saved = token_passes.forward_tokens(schedule, tokens, table, *others)
    else:
        projected = project(inputs, weight_ih, bias, dtype)
        projected = projected.view(schedule.steps, -1, len(weight_hh))
        saved = passes.forward(schedule, projected, *others)
    return LayerResult(inputs, token_passes, saved, states)


def layer_backward(
    passes: AbstractCellPasses,
    schedule: TimeSchedule,
    dtype: torch.dtype,
    weights: LayerWeights,
    result: LayerResult,
    grads: ResultGradients,
    *,
    needs_inputs: bool,
) -> LayerGradients:
    """Propagates gradients back through all steps.

    Args:
        passes: The cell's passes.
        schedule: That of ``layer_forward``; it now says whether the gradient of the initial state
            is needed.
        dtype: As in ``layer_forward``.
        weights: As in ``layer_forward``.
        result: What ``layer_forward`` returned; not changed.
        grads: As for ``AbstractCellPasses.backward``.
        needs_inputs: Whether the gradient of the inputs, which are features, is needed.
    """
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    inputs, token_passes, saved, states = result
    others = (weight_hh.to(dtype), states, saved, grads)
    d_inputs = None
    if token_passes is not None:
        tokens, symbols = _time_major(inputs, schedule), weight_ih.shape[1]
        gradients = token_passes.backward_tokens(schedule, tokens, symbols, *others)
        d_weight_ih, d_bias = table_gradients(gradients.projected, weight_ih)
    else:
        gradients = passes.backward(schedule, *others)
        grad_projected = gradients.projected.flatten(0, 1)  # (T·B, at least G)
        rounded = grad_projected
        if gradients.rounded is not None:
            rounded = gradients.rounded.flatten(0, 1)
        d_weight_ih, d_bias = input_gradients(grad_projected, rounded, inputs, weight_ih, dtype)
        if needs_inputs:
            gate_columns = rounded[:, -len(weight_ih) :]
            product = gate_columns.to(dtype) @ weight_ih.to(dtype)
            d_inputs = product.to(grad_projected.dtype).view(schedule.steps, -1, weight_ih.shape[1])
    d_bias_hh = d_bias
    if gradients.bias_hh is not None:
        d_bias_hh = torch.cat([d_bias[: -len(gradients.bias_hh)], gradients.bias_hh])
    d_initial_state: tuple[Tensor | None, ...] = (None,) * len(states)
    if schedule.needs_initial_grad:
        d_initial_state = gradients.initial_state
    d_weights = LayerWeights(
        d_weight_ih,
        gradients.weight_hh,
        None if bias_ih is None else d_bias,
        None if bias_hh is None else d_bias_hh,
    )
    return LayerGradients(d_inputs, d_weights, d_initial_state)


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
