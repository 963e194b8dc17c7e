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
from zoo_core.runtime.nn.kernel import AbstractKernel, ScanCase
from zoo_core.runtime.nn.state import LayerState, rebuild
from zoo_core.runtime.nn.torch_modes import autocasts

FUNCTIONS = {
    "rnn-tanh": torch.rnn_tanh,
    "rnn-relu": torch.rnn_relu,
    "lstm": torch.lstm,
    "gru": torch.gru,
}
NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")


@final
class TorchKernel(AbstractKernel):
    """The functions behind ``torch.nn.RNN``, ``LSTM`` and ``GRU``, for one layer and direction."""

    name = "torch"
    details = "torch.nn's own functions"
    cells = tuple(FUNCTIONS)

    def unsupported_reason(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """See AbstractKernel: other cells, and bfloat16 that oneDNN rejects."""
        if cell.name not in FUNCTIONS:
            return f"torch.nn has no {cell.name}"
        device = like.device.type
        emulated = autocasts(device) and not multiplies_bfloat16(device)
        if emulated and cell.name == "lstm":
            return "oneDNN's LSTM does not support bfloat16 on this processor"
        return None

    def pays(self, case: ScanCase) -> bool:
        """See AbstractKernel: not for a single step."""
        return not case.is_single_step

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
        initial_state = [tensor.unsqueeze(0) for tensor in state]  # (1, B, H) each
        if "bias_ih" in weights and "bias_hh" not in weights:
            weights = {**weights, "bias_hh": torch.zeros_like(weights["bias_ih"])}
        parameters = [weights[name] for name in NAMES if name in weights]
        function: Any = FUNCTIONS[cell.name]
        options = ("bias_ih" in weights, 1, 0.0, torch.is_grad_enabled(), False)
        if "weight_hr" in weights:
            function = _without_projection_warning(function)
        if lengths is None or not len(lengths):  # torch packs no empty batch
            outputs, *last_state = function(
                inputs, _torch_state(initial_state), parameters, *options, True
            )
        else:
            packed = pack_padded_sequence(
                inputs, lengths.cpu(), batch_first=True, enforce_sorted=False
            )
            order, original_order = packed.sorted_indices, packed.unsorted_indices
            sorted_state = [tensor.index_select(1, order) for tensor in initial_state]
            data, *last_state = function(
                packed.data,
                packed.batch_sizes,
                _torch_state(sorted_state),
                parameters,
                *options,
            )
            outputs, _ = pad_packed_sequence(
                PackedSequence(data, packed.batch_sizes, order, original_order),
                batch_first=True,
                total_length=inputs.shape[1],
            )
            last_state = [tensor.index_select(1, original_order) for tensor in last_state]
        if reverse:
            outputs = _reverse(outputs, lengths)
        return outputs, rebuild(state, (tensor.squeeze(0) for tensor in last_state))


def _torch_state(tensors: list[Tensor]) -> Any:
    """The state as torch's functions take it: a list for the LSTM, else one tensor."""
    return tensors if len(tensors) > 1 else tensors[0]


def _without_projection_warning(function: Any) -> Any:
    """The function without torch's warning that oneDNN has no projections."""

    def silenced(*arguments: Any) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "LSTM with projections")
            return function(*arguments)

    return silenced


def _one_hot(tokens: Tensor, like: Tensor) -> Tensor:
    """Tokens (B, T) as one-hot vectors (B, T, F), in the dtype of a weight (G, F)."""
    if tokens.numel() >= like.shape[1]:
        identity = torch.eye(like.shape[1], dtype=like.dtype, device=like.device)
        return embedding(tokens, identity)
    vectors = torch.zeros(*tokens.shape, like.shape[1], dtype=like.dtype, device=like.device)
    return vectors.scatter_(-1, tokens.long().unsqueeze(-1), 1)


def _reverse(sequence: Tensor, lengths: Tensor | None) -> Tensor:
    """The valid steps of each row (B, T, F) in reverse order; padding stays at the end."""
    if lengths is None:
        return sequence.flip(1)
    steps = torch.arange(sequence.shape[1], device=sequence.device)
    last = lengths.to(sequence.device).unsqueeze(1) - 1  # (B, 1)
    order = torch.where(steps <= last, last - steps, steps)  # (B, T)
    return sequence.gather(1, order.unsqueeze(2).expand_as(sequence))
