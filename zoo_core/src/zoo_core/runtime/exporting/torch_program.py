"""The format ``torch``: a program of ``torch.export``, which torch alone loads and runs."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor

from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.exporting.exporter import AbstractExporter, ExportOptions, ExportResult
from zoo_core.runtime.exporting.program import (
    Example,
    Lengths,
    Program,
    kernel_of,
    trace_program,
)
from zoo_core.runtime.exporting.verification import verify_program
from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.state import LayerState, rebuild
from zoo_core.storage.atomic import write_new

FILE = "model.pt2"
USAGE = """```python
import torch

model = torch.export.load("model.pt2").module()
logits, *states = model({inputs}, [{states}])
```

Only torch is needed, {version} or newer. {sizes}
"""


@final
class TorchExporter(AbstractExporter):
    """Writes ``model.pt2``, with any batch size and, where torch allows it, any number of steps."""

    def export(self, checkpoint: Checkpoint, folder: Path, options: ExportOptions) -> ExportResult:
        """See AbstractExporter."""
        program = Program(checkpoint.model)
        exported, lengths = export_program(program)
        content = io.BytesIO()  # torch's own writer aborts the process where the disk is full
        torch.export.save(exported, content)
        write_new(folder / FILE, content.getbuffer())
        module: Any = torch.export.load(folder / FILE).module()
        comparisons = verify_program(program, module, lengths)
        notes = []
        sizes = "Batch and time may have any size."
        if lengths.fixed:
            sizes = f"The batch may have any size; a sequence has {lengths.shortest} steps."
            notes.append(f"{sizes} torch cannot trace this model for more.")
        elif lengths.shortest > 1:
            sizes = f"Batch and time may have any size, from {lengths.shortest} steps on."
        usage = USAGE.format(
            inputs=program.input_name,
            states=", ".join(program.state_names),
            version=".".join(torch.__version__.split(".")[:2]),
            sizes=sizes,
        )
        return ExportResult(usage, comparisons, notes)


def export_program(program: Program) -> tuple[Any, Lengths]:
    """Traces a model with torch.export.

    Returns:
        The exported program, and the numbers of steps that it takes.

    Raises:
        MisfitError: torch cannot trace the model.
    """

    def trace(example: Example) -> Any:
        shapes = (example.input_axes, [example.state_axes for _ in example.states])
        with torch.no_grad(), kernel_of(program.model, ScanKernel()):
            return torch.export.export(
                program, (example.inputs, example.states), dynamic_shapes=shapes
            )

    return trace_program(program, trace, "torch.export cannot trace this model")


@final
class ScanKernel(AbstractKernel):
    """Runs any cell by torch's scan, which a trace keeps as a loop over any number of steps."""

    name = "scan"
    is_transformable = True
    details = "torch's scan, for torch.export"

    def unsupported_reason(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """Nothing: it runs every cell."""
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
        """See AbstractKernel; an exported model takes no lengths."""
        from torch._higher_order_ops.scan import scan  # imports torch's compiler

        def step(carry: list[Tensor], projected: Tensor) -> tuple[list[Tensor], Tensor]:
            output, after = cell.step(weights, projected, rebuild(state, carry))
            # the scan takes no outputs that share memory, as an output and a hidden state do
            return [tensor.clone() for tensor in after], output.clone()

        loop: Callable[..., Any] = scan
        projected = cell.project(weights, inputs).transpose(0, 1)  # (T, B, G)
        after, outputs = loop(step, list(state), projected, dim=0, reverse=reverse)
        return outputs.transpose(0, 1), rebuild(state, after)
