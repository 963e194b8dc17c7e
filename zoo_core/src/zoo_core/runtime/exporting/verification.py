"""Verifying an exported model against the model that it was made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias, final

import torch
from torch import Tensor

from zoo_core.errors import ExportError
from zoo_core.runtime.exporting.program import Lengths, Program

TOLERANCE = 1e-4
"""The largest difference of a number, relative to the largest number where that is above 1.

Other libraries add in another order. Over a few hundred steps of a recurrence in float32 that
amounts to about 1e-6; a gate in the wrong place to 1e-2 and more.
"""
SIZES = ((3, 7), (1, 1), (2, 40))
"""Batch sizes and steps to compare at. The export itself traces another size."""
CHUNKS = (1, 5, 34)
"""Steps of the pieces in which the longest sequence is run once more; they add up to it."""

RunProgram: TypeAlias = Callable[[Tensor, Sequence[Tensor]], Sequence[Tensor]]
"""Runs an exported model: ``(inputs, states)`` to logits and states."""


@final
class Comparison(NamedTuple):
    """How far an exported model is from the model.

    Args:
        batch_size: B.
        steps: T.
        chunks: Steps of each piece; empty if the sequence was run in one pass.
        difference: The largest difference of a number, as ``TOLERANCE`` counts it.
    """

    batch_size: int
    steps: int
    chunks: tuple[int, ...]
    difference: float


@torch.no_grad()
def verify_program(
    program: Program, run: RunProgram, lengths: Lengths, tolerance: float = TOLERANCE
) -> list[Comparison]:
    """Compares an exported model with the model, in one pass and in pieces.

    Args:
        program: The model.
        run: Runs the exported model.
        lengths: The numbers of steps that the exported model takes.
        tolerance: The largest difference that is accepted.

    Raises:
        ExportError: A difference is larger, or the exported model cannot run.
    """
    comparisons = []
    for batch_size, usual_length in SIZES:
        length = lengths.allow(usual_length)
        inputs, states = program.example(batch_size, length, seed=batch_size)
        expected = program(inputs, states)
        found = _run(run, inputs, states)
        difference = _difference(program, found, expected)
        comparisons.append(Comparison(batch_size, length, (), difference))
    if program.model.carries_state and lengths == Lengths(1):
        found = _in_pieces(program, run, inputs, states)
        difference = _difference(program, found, expected)
        comparisons.append(Comparison(batch_size, length, CHUNKS, difference))
    worst = max(comparisons, key=lambda comparison: comparison.difference)
    if not worst.difference <= tolerance:  # not a number is not below it either
        raise ExportError(
            f"the exported model differs from the model by {worst.difference:.1e} for a batch of "
            f"{worst.batch_size} with {worst.steps} steps, more than {tolerance:.0e}; nothing was "
            "written"
        )
    return comparisons


def _in_pieces(
    program: Program, run: RunProgram, inputs: Tensor, states: Sequence[Tensor]
) -> list[Tensor]:
    """Runs a sequence in pieces, each from the states after the one before it."""
    logits = []
    for piece in torch.split(inputs, list(CHUNKS), dim=1):
        output, *states = _run(run, piece, states)
        logits.append(output)
    per_step = program.model.signature.outputs.per == "step"
    return [torch.cat(logits, dim=1) if per_step else logits[-1], *states]


def _run(run: RunProgram, inputs: Tensor, states: Sequence[Tensor]) -> list[Tensor]:
    try:
        return list(run(inputs, states))
    except Exception as error:  # a library's own exceptions, of many classes
        reason = str(error).partition("\n")[0]
        shape = tuple(inputs.shape)
        raise ExportError(f"the exported model cannot run inputs {shape}: {reason}") from error


def _difference(program: Program, found: Sequence[Tensor], expected: Sequence[Tensor]) -> float:
    """Returns the largest difference of a number; infinity for another shape or number of them."""
    if [tensor.shape for tensor in found] != [tensor.shape for tensor in expected]:
        return float("inf")
    differences = [
        float((one - other).abs().max() / max(1.0, float(other.abs().max())))
        for one, other in zip(found, expected, strict=True)
    ]
    return max(differences)
