"""The closed-form continuous-time cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import linear, silu

from zoo_continuous.configs import Activation, Mode
from zoo_core.runtime.nn import AbstractCell, HiddenState, Weights


def lecun_tanh(sums: Tensor) -> Tensor:
    """Returns 1.7159 tanh(0.666 x), the scaled tanh of LeCun et al. (1998), Efficient BackProp."""
    return 1.7159 * (0.666 * sums).tanh()


ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "lecun-tanh": lecun_tanh,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "silu": silu,
}


@final
class CfcCell(AbstractCell[HiddenState]):
    """The closed-form continuous-time cell: the time between two steps is part of its equations.

        z = act(W x + U h + b)
        z' = act(V_i z + c_i)    in every further layer
        g, k, a, s = W_o z + b_o    four heads, and g alone in mode pure
        σ = sigmoid(a t + s)

    With t the time since the step before, the next hidden state is

        h' = (1 - σ) ⊙ tanh(g) + σ ⊙ tanh(k)    in mode default
        h' = tanh(g) + σ ⊙ tanh(k)    in mode no-gate
        h' = A - A ⊙ exp(-t (|τ| + |g|)) ⊙ g    in mode pure

    x is the input (B, F), h the hidden state and the output (B, H), z (B, N) with N units of the
    backbone, and t (B, 1), which is 1 where the data has no times. ``weight_ih`` (N, F) is W,
    ``weight_state`` (N, H) U and ``bias_ih`` (N,) b; ``weight_backbone_i`` (N, N) and
    ``bias_backbone_i`` (N,) are V_i and c_i; ``weight_heads`` (4H, N) or (H, N) and ``bias_heads``
    are W_o and b_o; ``tau`` and ``amplitude`` (H,) are τ and A, which starts at one. The paper
    writes the gate as σ(-f t), which is 1 - σ(f t); f has two heads here, as in the authors' own
    program. τ starts from a draw and not from zero as there, where |τ| has no gradient.

    Source: Hasani, Lechner et al. (2022), Closed-form Continuous-time Neural Networks, Nature
    Machine Intelligence 4.

    Args:
        hidden_size: H.
        bias: Whether backbone and heads have biases.
        mode: How time enters.
        units: N.
        layers: The layers of the backbone.
        activation: What act is.
    """

    takes_elapsed = True

    def __init__(
        self,
        hidden_size: int,
        bias: bool = True,
        mode: Mode = "default",
        units: int = 128,
        layers: int = 1,
        activation: Activation = "lecun-tanh",
    ) -> None:
        self.name = "cfc"
        self.hidden_size = self.output_size = hidden_size
        self.has_bias, self.mode, self.units, self.layers = bias, mode, units, layers
        self.activation = activation

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of backbone and heads, and in mode ``pure`` of τ and A."""
        width, units = self.hidden_size, self.units
        heads = width if self.mode == "pure" else 4 * width
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (units, input_size),
            "weight_state": (units, width),
        }
        shapes |= {f"weight_backbone_{layer}": (units, units) for layer in range(1, self.layers)}
        shapes["weight_heads"] = (heads, units)
        if self.has_bias:
            shapes["bias_ih"] = (units,)
            shapes |= {f"bias_backbone_{layer}": (units,) for layer in range(1, self.layers)}
            shapes["bias_heads"] = (heads,)
        if self.mode == "pure":
            shapes |= {"tau": (width,), "amplitude": (width,)}
        return shapes

    def initial_value(self, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Returns ones for A; every other weight is drawn."""
        return torch.ones(shape) if name == "amplitude" else None

    def initial_state(self, batch_size: int, like: Tensor) -> HiddenState:
        """Returns zeros, (B, H)."""
        return HiddenState(like.new_zeros(batch_size, self.hidden_size))

    def last_output(self, state: HiddenState) -> Tensor:
        """Returns the hidden state."""
        return state.hidden

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """Computes W x + b and appends the time, (B, T, N + 1)."""
        is_timed = inputs.is_floating_point() and inputs.shape[-1] > weights["weight_ih"].shape[1]
        sums = super().project(weights, inputs[..., :-1] if is_timed else inputs)
        time = inputs[..., -1:].to(sums.dtype) if is_timed else torch.ones_like(sums[..., :1])
        return torch.cat([sums, time], dim=-1)

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """Projected input (B, N + 1) and a state to the output (B, H) and the next state."""
        act = ACTIVATIONS[self.activation]
        sums, time = projected[:, :-1], projected[:, -1:]
        units = act(sums + linear(state.hidden, weights["weight_state"]))
        for layer in range(1, self.layers):
            bias = weights.get(f"bias_backbone_{layer}")
            units = act(linear(units, weights[f"weight_backbone_{layer}"], bias))
        heads = linear(units, weights["weight_heads"], weights.get("bias_heads"))
        hidden = self._closed_form(weights, heads, time)
        return hidden, HiddenState(hidden)

    def _closed_form(self, weights: Weights, heads: Tensor, time: Tensor) -> Tensor:
        """Returns the next hidden state, (B, H), of the heads and the time (B, 1)."""
        if self.mode == "pure":
            decay = self.gate("decay", (-time * (weights["tau"].abs() + heads.abs())).exp())
            return weights["amplitude"] * (1 - decay * heads)
        first, second, slope, shift = heads.chunk(4, dim=-1)
        gate = self.gate("time", (slope * time + shift).sigmoid())
        first = self.gate("start", first.tanh())
        second = self.gate("end", second.tanh())
        if self.mode == "no-gate":
            return first + gate * second
        return (1 - gate) * first + gate * second
