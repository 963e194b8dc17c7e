"""The format ``onnx``."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

import onnx
import torch

from zoo_core.errors import ExportError, MisfitError
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.exporting.exporter import AbstractExporter, ExportOptions, ExportResult
from zoo_core.runtime.exporting.program import (
    Example,
    Lengths,
    Program,
    kernel_of,
    trace_program,
)
from zoo_core.runtime.exporting.verification import Comparison, verify_program
from zoo_onnx.quantization import losses, quantize
from zoo_onnx.recurrence import TracedKernel, replace_recurrences
from zoo_onnx.sampler import INPUTS, OUTPUT, SamplerProgram
from zoo_onnx.session import Session
from zoo_onnx.stream import SCRIPT, SPLIT, write_script

FILE = "model.onnx"
DRAWN_ROWS = 64
"""The rows in which the symbols that are drawn are compared."""


@final
class OnnxExporter(AbstractExporter):
    """Writes ``model.onnx`` and a script that runs it."""

    def export(self, checkpoint: Checkpoint, folder: Path, options: ExportOptions) -> ExportResult:
        """See AbstractExporter."""
        result, _ = export_onnx(checkpoint, folder, options)
        return result


def export_onnx(
    checkpoint: Checkpoint, folder: Path, options: ExportOptions
) -> tuple[ExportResult, Lengths]:
    """Writes ``model.onnx`` and its script; returns also the numbers of steps that it takes.

    Raises:
        ExportError: The exported model differs from the model or cannot run.
        MisfitError: ONNX cannot express the model.
    """
    program = Program(checkpoint.model)
    if options.with_sampler and not checkpoint.signature.outputs.next_token:
        raise MisfitError("--with-sampler needs a model that predicts the next symbol")
    model, lengths = to_onnx(program, with_sampler=options.with_sampler)
    path = folder / FILE
    onnx.save(model, path)
    session = Session(path)
    comparisons = _verify(program, session, lengths, with_sampler=options.with_sampler)
    notes: list[str] = []
    metrics: dict[str, float] = {}
    if options.int8:
        metrics, notes = _store_int8(checkpoint, program, path)
    write_script(checkpoint.model, folder, with_sampler=options.with_sampler)
    return ExportResult(_usage(program, lengths, options), comparisons, notes, metrics), lengths


def _verify(
    program: Program, session: Session, lengths: Lengths, *, with_sampler: bool
) -> list[Comparison]:
    """Compares the exported model with the model; the drawn symbols must be the same.

    Raises:
        ExportError: They differ.
    """
    comparisons = verify_program(program, session.model_outputs, lengths)
    if not with_sampler:
        return comparisons
    for seed, (temperature, top_k) in enumerate(((0.0, 0), (1.0, 0), (0.7, 2))):
        inputs, states = program.example(DRAWN_ROWS, lengths.example, seed)
        uniform = torch.rand(DRAWN_ROWS, generator=torch.Generator().manual_seed(seed))
        others = [torch.tensor(temperature), torch.tensor(top_k), uniform]
        with torch.no_grad():
            *_, expected = SamplerProgram(program)(inputs, states, *others)
        *_, token = session(inputs, [*states, *others])
        if (token != expected).sum() > 1:  # rounding moves a number across a border now and then
            raise ExportError("the exported sampler draws other symbols; nothing was written")
    return comparisons


def _store_int8(
    checkpoint: Checkpoint, program: Program, path: Path
) -> tuple[dict[str, float], list[str]]:
    """Replaces the weights of a file by 8-bit integers; returns the losses and notes."""
    smaller = path.with_suffix(".int8")
    quantize(path, smaller)
    metrics, reason = losses(checkpoint, program, Session(path), Session(smaller))
    sizes = [file.stat().st_size for file in (path, smaller)]
    smaller.replace(path)
    size = f"{sizes[0]:,} bytes became {sizes[1]:,}"
    return metrics, [size, *([reason] if reason else [])]


def to_onnx(program: Program, *, with_sampler: bool = False) -> tuple[onnx.ModelProto, Lengths]:
    """Returns a model in ONNX, with the names of the program, and the steps that it takes.

    Raises:
        MisfitError: torch cannot trace the model.
    """

    def trace(example: Example) -> onnx.ModelProto:
        try:
            return _trace(program, example, with_sampler)
        except torch.onnx.OnnxExporterError as error:  # whose own first line names no reason
            raise error.__cause__ or error from None

    model, lengths = trace_program(program, trace, "this model cannot be exported to ONNX")
    onnx.checker.check_model(model)
    return model, lengths


def _trace(program: Program, example: Example, with_sampler: bool) -> onnx.ModelProto:
    rows = example.state_axes
    module: torch.nn.Module = program
    arguments: list[Any] = [example.inputs, example.states]
    shapes: list[Any] = [example.input_axes, [rows for _ in example.states]]
    input_names = [program.input_name, *program.state_names]
    output_names = list(program.output_names)
    if with_sampler:
        module = SamplerProgram(program)
        arguments += [torch.tensor(1.0), torch.tensor(2), torch.rand(len(example.inputs))]
        shapes += [{}, {}, rows]
        input_names += INPUTS
        output_names.append(OUTPUT)
    kernel = TracedKernel()
    with quiet(), torch.no_grad(), kernel_of(program.model, kernel):
        traced = torch.onnx.export(
            module,
            tuple(arguments),
            dynamo=True,
            verbose=False,
            input_names=input_names,
            output_names=output_names,
            dynamic_shapes=tuple(shapes),
        )
        assert traced is not None, "with dynamo, torch returns a program"
        model: onnx.ModelProto = traced.model_proto
        replace_recurrences(model, kernel.recurrences)
    _name_axes(model)
    return model


def _name_axes(model: onnx.ModelProto) -> None:
    """Names the symbolic axes: torch keeps its own names where a model has one input alone."""
    shape = model.graph.input[0].type.tensor_type.shape
    named = zip(("batch", "time"), shape.dim, strict=False)
    names = {axis.dim_param: name for name, axis in named if axis.dim_param}
    for value in (*model.graph.input, *model.graph.output):
        for axis in value.type.tensor_type.shape.dim:
            if axis.dim_param in names:
                axis.dim_param = names[axis.dim_param]


@contextmanager
def quiet() -> Iterator[None]:
    """Silences the exporter's warnings about names and missing libraries in a ``with`` block."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _usage(program: Program, lengths: Lengths, options: ExportOptions) -> str:
    states = "".join(f", `{name}`" for name in program.state_names)
    outputs = ", ".join(f"`{name}`" for name in program.output_names)
    lines = [
        f"`python {SCRIPT}` runs it; it needs onnxruntime and numpy alone.\n",
        f"Inputs: `{program.input_name}`{states}. Outputs: {outputs}.",
    ]
    vocabulary = program.model.signature.vocabulary
    if vocabulary and vocabulary.tokenizer.kind not in SPLIT:
        lines[0] += "In the place of a text it takes the ids of symbols, such as `'0 1'`.\n"
    if options.with_sampler:
        lines.append(
            "Inputs of the sampler, at the end: `temperature` (), `top_k` () with 0 for all "
            "symbols, `uniform` (batch,), numbers below 1 to draw by. The last output is `token`."
        )
    if program.state_names:
        lines.append("Zeros are the states to start from.")
    if program.input_name != "grid":
        lines.append(f"The batch may have any size, and a sequence {lengths.describe()}.")
    return "\n".join(lines) + "\n"
