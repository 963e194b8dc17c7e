"""Verifying an exported model finds what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from zoo_core import create_model
from zoo_core.errors import ExportError
from zoo_core.runtime.exporting.program import Lengths, Program
from zoo_core.runtime.exporting.verification import CHUNKS, SIZES, verify_program

ANY = Lengths(1)


@pytest.fixture
def program() -> Program:
    return Program(create_model("lstm-embed.hello").eval())


def test_the_model_itself_passes_in_one_pass_and_in_pieces(program: Program) -> None:
    comparisons = verify_program(program, program, ANY)
    assert [(row.batch_size, row.steps, row.chunks) for row in comparisons] == [
        *((rows, steps, ()) for rows, steps in SIZES),
        (*SIZES[-1], CHUNKS),
    ]
    # pieces are computed by another kernel than the whole
    assert max(row.difference for row in comparisons) < 1e-6


def test_a_wrong_number_is_found(program: Program) -> None:
    def run(inputs: Tensor, states: Sequence[Tensor]) -> list[Tensor]:
        logits, hidden, cell = program(inputs, states)
        return [logits, hidden, cell + 1e-3]

    with pytest.raises(ExportError, match=r"differs from the model by 1\.0e-03"):
        verify_program(program, run, ANY)


def test_a_state_that_is_not_taken_is_found(program: Program) -> None:
    def run(inputs: Tensor, states: Sequence[Tensor]) -> list[Tensor]:
        return [*program(inputs, program.initial_states(len(inputs)))]

    with pytest.raises(ExportError, match="differs from the model"):
        verify_program(program, run, ANY)


def test_a_number_that_is_not_one_is_found(program: Program) -> None:
    def run(inputs: Tensor, states: Sequence[Tensor]) -> list[Tensor]:
        return [tensor * torch.nan for tensor in program(inputs, states)]

    with pytest.raises(ExportError, match="differs from the model by nan"):
        verify_program(program, run, ANY)


def test_another_shape_is_found(program: Program) -> None:
    def run(inputs: Tensor, states: Sequence[Tensor]) -> list[Tensor]:
        logits, *after = program(inputs, states)
        return [logits[..., 1:], *after]

    with pytest.raises(ExportError, match="differs from the model by inf"):
        verify_program(program, run, ANY)


def test_a_model_that_cannot_run_a_size_is_found(program: Program) -> None:
    def run(inputs: Tensor, states: Sequence[Tensor]) -> list[Tensor]:
        if inputs.shape[1] == 1:
            raise RuntimeError("no single steps\nat some line")
        return [*program(inputs, states)]

    with pytest.raises(ExportError, match=r"cannot run inputs \(1, 1\): no single steps$"):
        verify_program(program, run, ANY)


def test_states_and_outputs_have_the_names_of_layer_and_field(program: Program) -> None:
    assert program.input_name == "tokens"
    assert program.state_names == ("hidden_0", "cell_0")
    assert program.output_names == ("logits", "next_hidden_0", "next_cell_0")
