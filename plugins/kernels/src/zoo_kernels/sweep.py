"""A sweep by the compiled library."""

from __future__ import annotations

import ctypes
from typing import Any, final

import torch
from torch import Tensor

from zoo_core.runtime.kernels.cell_passes import AbstractSweep, Gradients, Kept, across
from zoo_core.runtime.kernels.schedule import Walk
from zoo_kernels.library import NativeLibrary, SweepArguments

CELLS = ("rnn-tanh", "rnn-relu", "lstm", "gru")
"""In the order of ``enum zoo_cell``."""


@final
class NativeSweep(AbstractSweep):
    """All steps of a cell in one call; the products over all steps at once stay torch's.

    Args:
        library: The compiled functions.
        cell: The cell's name.
    """

    def __init__(self, library: NativeLibrary, cell: str) -> None:
        self.library = library
        self.cell = cell
        self.inner_gates = 1 if cell == "gru" else 0

    def forth(
        self,
        walk: Walk,
        projected: Tensor,
        weight_hh: Tensor,
        bias_hh: Tensor | None,
        states: tuple[Tensor, ...],
    ) -> Kept:
        """See AbstractSweep."""
        slots = (walk.steps + 1, projected.shape[1], weight_hh.shape[1])
        assert all(each.shape == slots for each in states), "C++ takes the sizes on trust"
        inner = (torch.empty_like(states[0][1:]),) if self.inner_gates else ()
        bias = {"bias": bias_hh.contiguous()} if self.inner_gates and bias_hh is not None else {}
        kept = (projected, *inner)
        self._call(self.library.forth, walk, weight_hh, states, kept, bias)
        return () if self.cell.startswith("rnn") else kept

    def back(
        self,
        walk: Walk,
        weight_hh: Tensor,
        states: tuple[Tensor, ...],
        kept: Kept,
        slopes: tuple[Tensor, ...],
    ) -> Gradients:
        """See AbstractSweep."""
        before = walk.before(states[0])
        steps, rows, width = before.shape
        d = before.new_empty(steps, rows, 4 * width if self.inner_gates else len(weight_hh))
        walk.silence(d)
        found = {"d_gates": d} | dict(zip(("d_hidden", "d_memory"), slopes, strict=False))
        self._call(self.library.back, walk, weight_hh, states, kept, found)
        if not self.inner_gates:
            return Gradients(d, across(d, before, weight_hh.dtype), None)
        weight = across(d[:, :, : 3 * width], before, weight_hh.dtype).roll(-width, 0)  # from n r z
        return Gradients(d, weight, d[:, :, :width].sum((0, 1)))

    def _call(
        self,
        function: Any,
        walk: Walk,
        weight: Tensor,
        states: tuple[Tensor, ...],
        kept: Kept,
        others: dict[str, Tensor],
    ) -> None:
        hidden, half = states[0], weight.dtype == torch.bfloat16
        weight = weight.to(hidden.dtype).contiguous()
        tensors = {
            **dict(zip(("hidden", "memory"), states, strict=False)),
            **dict(zip(("gates", "inner"), kept, strict=False)),
            **others,
            "weight": weight,
        }
        assert all(each.is_contiguous() for each in tensors.values()), "C++ takes that on trust"
        sizes = walk.sizes and (ctypes.c_int64 * walk.steps)(*walk.sizes)
        arguments = SweepArguments(
            cell=CELLS.index(self.cell),
            real=hidden.element_size(),
            level=self.library.level,
            threads=torch.get_num_threads(),
            reverse=walk.reverse,
            cut=walk.cut,
            steps=walk.steps,
            rows=hidden.shape[1],
            width=hidden.shape[2],
            half=half,
            sizes=ctypes.cast(sizes, ctypes.c_void_p) if sizes else None,
            **{name: each.data_ptr() for name, each in tensors.items()},
        )
        size = self.library.workspace(ctypes.byref(arguments))
        workspace = torch.empty(size, dtype=torch.uint8)  # torch aligns to 64 bytes
        arguments.workspace = workspace.data_ptr()
        function(ctypes.byref(arguments))
