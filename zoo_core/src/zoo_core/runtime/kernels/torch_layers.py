"""The torch kernel: torch.nn's own recurrent functions (cuDNN, oneDNN)."""

from __future__ import annotations

import warnings
from typing import Any, final

import torch
from torch import Tensor
from torch.nn.functional import embedding
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from zoo_core.runtime.hardware.device import multiplies_bfloat16
from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.state import LayerState, rebuild

FUNCTIONS = {
    "rnn-tanh": torch.rnn_tanh,
    "rnn-relu": torch.rnn_relu,
    "lstm": torch.lstm,
    "gru": torch.gru,
}
NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")


@final
class TorchKernel(AbstractKernel):
    """What ``torch.nn.RNN``, ``LSTM`` and ``GRU`` call, one layer and direction at a time."""

    name = "torch"
    details = "torch.nn's own functions"

    def refuses(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """Cells that torch.nn does not know; bfloat16 where oneDNN's LSTM would fail with it."""
        if cell.name not in FUNCTIONS:
            return f"torch.nn has no {cell.name}"
        device = like.device.type
        imitated = torch.is_autocast_enabled(device) and not multiplies_bfloat16(device)
        if imitated and cell.name == "lstm":
            return "oneDNN's LSTM knows no bfloat16 on this processor"
        return None

    def scan(
        self,
        cell: AbstractCell[Any],
        weights: Weights,
        inputs: Tensor,
        state: LayerState,
        *,
        lengths: Tensor | None,
        reverse: bool,
    ) -> tuple[Tensor, LayerState]:
        """See AbstractKernel."""
        if not inputs.is_floating_point():
            inputs = _one_hot(inputs, weights["weight_ih"])
        if reverse:
            inputs = _reverse(inputs, lengths)
        before = tuple(each.unsqueeze(0) for each in state)  # (1, B, H) each
        if "bias_ih" in weights and "bias_hh" not in weights:
            weights = {**weights, "bias_hh": torch.zeros_like(weights["bias_ih"])}
        parameters = [weights[name] for name in NAMES if name in weights]
        function: Any = FUNCTIONS[cell.name]
        hx = before if len(before) > 1 else before[0]
        how = ("bias_ih" in weights, 1, 0.0, torch.is_grad_enabled(), False)
        if "weight_hr" in weights:
            function = _quiet(function)
        if lengths is None:
            outputs, *after = function(inputs, hx, parameters, *how, True)
        else:
            packed = pack_padded_sequence(
                inputs, lengths.cpu(), batch_first=True, enforce_sorted=False
            )
            order, back = packed.sorted_indices, packed.unsorted_indices
            sorted_hx = [each.index_select(1, order) for each in before]
            data, *after = function(
                packed.data,
                packed.batch_sizes,
                sorted_hx if len(before) > 1 else sorted_hx[0],
                parameters,
                *how,
            )
            outputs, _ = pad_packed_sequence(
                PackedSequence(data, packed.batch_sizes, order, back),
                batch_first=True,
                total_length=inputs.shape[1],
            )
            after = [each.index_select(1, back) for each in after]
        if reverse:
            outputs = _reverse(outputs, lengths)
        return outputs, rebuild(state, (each.squeeze(0) for each in after))


def _quiet(function: Any) -> Any:
    """The function without torch's warning that oneDNN has no projections."""

    def quiet(*arguments: Any) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "LSTM with projections")
            return function(*arguments)

    return quiet


def _one_hot(tokens: Tensor, like: Tensor) -> Tensor:
    """Tokens (B, T) as rows of the identity (B, T, F), in the dtype of a weight (G, F)."""
    if tokens.numel() >= like.shape[1]:
        identity = torch.eye(like.shape[1], dtype=like.dtype, device=like.device)
        return embedding(tokens, identity)
    found = torch.zeros(*tokens.shape, like.shape[1], dtype=like.dtype, device=like.device)
    return found.scatter_(-1, tokens.long().unsqueeze(-1), 1)


def _reverse(sequence: Tensor, lengths: Tensor | None) -> Tensor:
    """The valid steps of each row (B, T, F) in reverse, the padding where it was."""
    if lengths is None:
        return sequence.flip(1)
    steps = torch.arange(sequence.shape[1], device=sequence.device)
    last = lengths.to(sequence.device).unsqueeze(1) - 1  # (B, 1)
    order = torch.where(steps <= last, last - steps, steps)  # (B, T)
    return sequence.gather(1, order.unsqueeze(2).expand_as(sequence))
