"""A cell's passes by the compiled library."""

from __future__ import annotations

import ctypes
from typing import Any, final

import torch
from torch import Tensor

from zoo_core.runtime.kernels.cell_passes import (
    AbstractCellPasses,
    Gradients,
    Saved,
    weight_gradient,
)
from zoo_core.runtime.kernels.schedule import TimeSchedule
from zoo_kernels.library import NativeLibrary, RecurrenceArguments

CELLS = ("rnn-tanh", "rnn-relu", "lstm", "gru")
"""In the order of ``enum zoo_cell``."""


@final
class NativePasses(AbstractCellPasses):
    """All steps of a cell in one call. The products over all steps at once are torch's.

    Args:
        library: The compiled functions.
        cell: The cell's name.
    """

    def __init__(self, library: NativeLibrary, cell: str) -> None:
        self.library = library
        self.cell = cell
        self.recurrent_bias_gates = 1 if cell == "gru" else 0

    def forward(
        self,
        schedule: TimeSchedule,
        projected: Tensor,
        weight_hh: Tensor,
        bias_hh: Tensor | None,
        states: tuple[Tensor, ...],
    ) -> Saved:
        """See AbstractCellPasses."""
        buffer_shape = (schedule.steps + 1, projected.shape[1], weight_hh.shape[1])
        assert all(state.shape == buffer_shape for state in states), "C++ does not check sizes"
        saved: Saved = (projected,)
        others: dict[str, Tensor] = {}
        if self.cell == "gru":
            saved = (projected, torch.empty_like(states[0][1:]))
            if bias_hh is not None:
                others["bias"] = bias_hh.contiguous()
        self._call(self.library.forward, schedule, weight_hh, states, saved, others)
        return () if self.cell.startswith("rnn") else saved

    def backward(
        self,
        schedule: TimeSchedule,
        weight_hh: Tensor,
        states: tuple[Tensor, ...],
        saved: Saved,
        grad_states: tuple[Tensor, ...],
    ) -> Gradients:
        """See AbstractCellPasses."""
        before = schedule.before(states[0])
        steps, rows, width = before.shape
        gate_width = 4 * width if self.cell == "gru" else len(weight_hh)
        d_gates = before.new_empty(steps, rows, gate_width)
        schedule.zero_padding(d_gates)
        others = {"d_gates": d_gates, "d_hidden": grad_states[0]}
        if len(grad_states) > 1:
            others["d_cell_state"] = grad_states[1]
        self._call(self.library.backward, schedule, weight_hh, states, saved, others)
        if self.cell != "gru":
            d_weight = weight_gradient(d_gates, before, weight_hh.dtype)
            return Gradients(d_gates, d_weight, None)
        d_recurrent = d_gates[:, :, : 3 * width]  # in the order n r z
        d_weight = weight_gradient(d_recurrent, before, weight_hh.dtype).roll(-width, 0)
        return Gradients(d_gates, d_weight, d_gates[:, :, :width].sum((0, 1)))

    def _call(
        self,
        function: Any,
        schedule: TimeSchedule,
        weight: Tensor,
        states: tuple[Tensor, ...],
        saved: Saved,
        others: dict[str, Tensor],
    ) -> None:
        """Calls a function of the library; ``others`` are further fields."""
        hidden, bf16 = states[0], weight.dtype == torch.bfloat16
        tensors = {
            **dict(zip(("hidden", "cell_state"), states, strict=False)),
            **dict(zip(("gates", "recurrent_n"), saved, strict=False)),
            **others,
            "weight": weight.to(hidden.dtype).contiguous(),
        }
        assert all(tensor.is_contiguous() for tensor in tensors.values()), "C++ does not check it"
        batch_sizes = None
        if schedule.batch_sizes is not None:
            array = (ctypes.c_int64 * schedule.steps)(*schedule.batch_sizes)
            batch_sizes = ctypes.cast(array, ctypes.c_void_p)  # it keeps the array alive
        arguments = RecurrenceArguments(
            cell=CELLS.index(self.cell),
            element_size=hidden.element_size(),
            level=self.library.level,
            threads=torch.get_num_threads(),
            reverse=schedule.reverse,
            needs_initial_grad=schedule.needs_initial_grad,
            steps=schedule.steps,
            rows=hidden.shape[1],
            hidden_size=hidden.shape[2],
            bf16=bf16,
            batch_sizes=batch_sizes,
            **{name: tensor.data_ptr() for name, tensor in tensors.items()},
        )
        size = self.library.workspace(ctypes.byref(arguments))
        workspace = torch.empty(size, dtype=torch.uint8)  # torch aligns to 64 bytes
        arguments.workspace = workspace.data_ptr()
        function(ctypes.byref(arguments))
