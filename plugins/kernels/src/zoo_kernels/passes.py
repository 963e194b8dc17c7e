"""A cell's passes by the compiled library."""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple, final

import torch
from torch import Tensor

from zoo_core.runtime.kernels.cell_passes import (
    AbstractTokenPasses,
    Gradients,
    ResultGradients,
    Saved,
    weight_gradient,
)
from zoo_core.runtime.kernels.schedule import TimeSchedule
from zoo_kernels.library import NativeLibrary, RecurrenceArguments, StridedNumbers
from zoo_kernels.memory import memory
from zoo_kernels.strided import columns_together, strided

CELLS = ("rnn-tanh", "rnn-relu", "lstm", "gru")
"""In the order of ``enum zoo_cell``."""
ROUNDED_WIDTH, ROWS_BEYOND = 32, 16
"""Rounded rows are a multiple of the first wide, and the second is how many follow the last."""


@final
class _StepGradients(NamedTuple):
    """What the backward steps leave.

    Args:
        gates: The gate gradients, (T, B, G or 4H), if they are needed besides the weight's; after
            them, the same in bfloat16, if the steps made them.
        weight: The gradient of the recurrent weights, (G, H).
        initial_state: Those of the tensors of the initial state, (B, H) each.
    """

    gates: Saved
    weight: Tensor
    initial_state: tuple[Tensor, ...]


@final
class NativePasses(AbstractTokenPasses):
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
        saved, rounded = self._forward(schedule, projected, weight_hh, bias_hh, states, {})
        return rounded if self.keeps_no_gates else (*saved, *rounded)

    def takes_tokens(self, tokens: int, symbols: int) -> bool:
        """See AbstractTokenPasses: if they are many enough for a table gradient in each thread."""
        return tokens >= symbols * torch.get_num_threads()

    def forward_tokens(
        self,
        schedule: TimeSchedule,
        tokens: Tensor,
        table: Tensor,
        weight_hh: Tensor,
        bias_hh: Tensor | None,
        states: tuple[Tensor, ...],
    ) -> Saved:
        """See AbstractTokenPasses."""
        gates = None if self.keeps_no_gates else table.new_empty(*tokens.shape, table.shape[1])
        fields = {"tokens": tokens, "table": table}
        saved, rounded = self._forward(schedule, gates, weight_hh, bias_hh, states, fields)
        return *saved, *rounded

    def backward(
        self,
        schedule: TimeSchedule,
        weight_hh: Tensor,
        states: tuple[Tensor, ...],
        saved: Saved,
        grads: ResultGradients,
    ) -> Gradients:
        """See AbstractCellPasses."""
        found = self._backward(schedule, weight_hh, states, saved, grads, {})
        d_gates, *rounded = found.gates
        width = d_gates.shape[2]
        return self._gradients(d_gates, found, *(tensor[:, :, :width] for tensor in rounded))

    def backward_tokens(
        self,
        schedule: TimeSchedule,
        tokens: Tensor,
        symbols: int,
        weight_hh: Tensor,
        states: tuple[Tensor, ...],
        saved: Saved,
        grads: ResultGradients,
    ) -> Gradients:
        """See AbstractTokenPasses."""
        d_table = states[0].new_empty(symbols, self._grad_width(weight_hh))
        fields = {"tokens": tokens, "d_table": d_table}
        found = self._backward(schedule, weight_hh, states, saved, grads, fields)
        return self._gradients(d_table, found)

    @property
    def keeps_no_gates(self) -> bool:
        """Whether the backward pass needs no gates."""
        return self.cell.startswith("rnn")

    def _grad_width(self, weight: Tensor) -> int:
        """The width of the gate gradients: G, and 4H of the GRU, in the order q r z n."""
        return 4 * weight.shape[1] if self.cell == "gru" else len(weight)

    def _rounded(self, schedule: TimeSchedule, weight: Tensor, rows: int, width: int) -> Saved:
        """Space for what the steps multiply in bfloat16, (T·B + 16, D), if it is kept."""
        library = self.library
        is_bf16 = weight.dtype == torch.bfloat16 and library.multiplies_bfloat16
        if not is_bf16:
            return ()
        padded = -(-width // ROUNDED_WIDTH) * ROUNDED_WIDTH
        is_whole = padded == width and schedule.batch_sizes is None
        make = weight.new_empty if is_whole else weight.new_zeros
        return (make(schedule.steps * rows + ROWS_BEYOND, padded),)

    def _forward(
        self,
        schedule: TimeSchedule,
        gates: Tensor | None,
        weight_hh: Tensor,
        bias_hh: Tensor | None,
        states: tuple[Tensor, ...],
        fields: dict[str, Tensor],
    ) -> tuple[Saved, Saved]:
        """Fills the states; ``fields`` are further fields of the call.

        Returns:
            The gates and the GRU's W_n h, and the rounded states before the steps, if the backward
            pass gets them.
        """
        saved: Saved = () if gates is None else (gates,)
        if self.cell == "gru":
            saved = (*saved, torch.empty_like(states[0][1:]))
            if bias_hh is not None:
                fields = {**fields, "bias": bias_hh.contiguous()}
        rounded: Saved = ()
        if schedule.needs_grad:
            rounded = self._rounded(schedule, weight_hh, *states[0].shape[1:])
            fields = {**fields, **dict(zip(("rounded",), rounded, strict=False))}
        self._call(self.library.forward, schedule, weight_hh, states, saved, fields)
        return saved, rounded

    def _backward(
        self,
        schedule: TimeSchedule,
        weight_hh: Tensor,
        states: tuple[Tensor, ...],
        saved: Saved,
        grads: ResultGradients,
        fields: dict[str, Tensor],
    ) -> _StepGradients:
        """Makes the backward steps; ``fields`` as before."""
        before, gates = schedule.before(states[0]), len(weight_hh)
        (steps, rows, width), grad_width = before.shape, self._grad_width(weight_hh)
        d_state = tuple(grads.of_last(number, part[0]) for number, part in enumerate(states))
        fields = {**fields, **dict(zip(("d_hidden", "d_cell_state"), d_state, strict=False))}
        is_table = "d_table" in fields
        rounded = self._rounded(schedule, weight_hh, rows, gates if is_table else grad_width)
        d_gates: Saved = ()
        if rounded:
            *saved_gates, states_before = saved
            saved, fields["rounded"] = tuple(saved_gates), rounded[0]
            before = _steps(states_before, steps, rows)[:, :, :width]
        if not rounded or not is_table:
            d_gates = (before.new_empty(steps, rows, grad_width, dtype=states[0].dtype),)
            schedule.zero_padding(d_gates[0])
            fields["d_gates"] = d_gates[0]
        function = self.library.backward
        self._call(function, schedule, weight_hh, states, saved, fields, grads.outputs)
        d_gates = (*d_gates, *(_steps(copies, steps, rows) for copies in rounded))
        # of the GRU, its first columns, in the order n r z
        d_weight = weight_gradient(d_gates[-1][:, :, :gates], before, weight_hh.dtype)
        d_weight = d_weight.roll(-width, 0) if self.cell == "gru" else d_weight
        return _StepGradients(d_gates, d_weight, d_state)

    def _gradients(
        self, d_projected: Tensor, found: _StepGradients, rounded: Tensor | None = None
    ) -> Gradients:
        """Returns the gradients, and that of the GRU's bias q, the first columns of the first."""
        d_bias = None
        if self.cell == "gru":
            columns = d_projected[..., : found.weight.shape[1]]
            d_bias = columns.sum(tuple(range(columns.dim() - 1)))
        return Gradients(d_projected, found.weight, d_bias, found.initial_state, rounded)

    def _call(
        self,
        function: Any,
        schedule: TimeSchedule,
        weight: Tensor,
        states: tuple[Tensor, ...],
        saved: Saved,
        fields: dict[str, Tensor],
        d_outputs: Tensor | None = None,
    ) -> None:
        """Calls a function of the library; ``fields`` and ``d_outputs`` are further fields."""
        hidden, bf16 = states[0], weight.dtype == torch.bfloat16
        tensors = {
            **dict(zip(("hidden", "cell_state"), states, strict=False)),
            **dict(zip(("gates", "recurrent_n"), saved, strict=False)),
            **fields,
            "weight": weight.to(hidden.dtype).contiguous(),
        }
        assert all(tensor.is_contiguous() for tensor in tensors.values()), "C++ does not check it"
        self._check_sizes(schedule, weight, tensors)
        if d_outputs is not None:
            assert d_outputs.shape == hidden[1:].shape, "d_outputs has another size"
            assert d_outputs.dtype == hidden.dtype, "d_outputs is of another type"
            (d_outputs,) = columns_together(d_outputs.transpose(0, 1))  # (B, T, H)
        table = tensors.get("table", tensors.get("d_table"))
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
            symbols=0 if table is None else len(table),
            d_outputs=StridedNumbers() if d_outputs is None else strided(d_outputs),
            **{name: tensor.data_ptr() for name, tensor in tensors.items()},
        )
        size = self.library.workspace(ctypes.byref(arguments))
        workspace = memory(size)
        arguments.workspace = workspace.data_ptr()
        function(ctypes.byref(arguments))

    def _check_sizes(
        self, schedule: TimeSchedule, weight: Tensor, tensors: dict[str, Tensor]
    ) -> None:
        """Checks what C++ does not."""
        steps, rows, (gates, width) = schedule.steps, tensors["hidden"].shape[1], weight.shape
        grad_width = self._grad_width(weight)
        shapes = {
            "hidden": (steps + 1, rows, width),
            "cell_state": (steps + 1, rows, width),
            "tokens": (steps, rows),
            "gates": (steps, rows, gates),
            "bias": (width,),
            "d_gates": (steps, rows, grad_width),
            "d_hidden": (rows, width),
            "d_cell_state": (rows, width),
        }
        for name, shape in shapes.items():
            assert name not in tensors or tensors[name].shape == shape, f"{name} has another size"
        for name, size in (("table", gates), ("d_table", grad_width)):
            assert name not in tensors or tensors[name].shape[1] == size, f"{name} is not so wide"


def _steps(rounded: Tensor, steps: int, rows: int) -> Tensor:
    """The rounded rows of all steps as (T, B, D)."""
    return rounded[: steps * rows].view(steps, rows, rounded.shape[1])
