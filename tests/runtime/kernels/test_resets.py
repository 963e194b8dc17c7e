"""States that start anew within a row, against the pieces run alone, for every kernel."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.plugins.oracle import KERNELS
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn.cell import AbstractCell
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.regularization import Regularization
from zoo_core.runtime.nn.resets import _groups
from zoo_core.runtime.nn.state import rebuild
from zoo_gru.cell import GruCell
from zoo_lstm.cell import LstmCell
from zoo_rnn.cell import RnnCell

CELLS = {"rnn": RnnCell, "lstm": LstmCell, "gru": GruCell}
STEPS = 16
MARKS: tuple[list[int], ...] = ([], [0], [2, 3, 4, 13], [1, 15], [0, 8])
"""The marked steps of each row; the pieces are so uneven that they run in several groups."""
LENGTHS = torch.tensor([16, 3, 13, 16, 8])


def resets(marks: tuple[list[int], ...] = MARKS, steps: int = STEPS) -> Tensor:
    """The marks as booleans, (B, T)."""
    result = torch.zeros(len(marks), steps, dtype=torch.bool)
    for row, marked in enumerate(marks):
        result[row, marked] = True
    return result


def pieces_alone(
    cell: AbstractCell[Any],
    weights: dict[str, Tensor],
    inputs: Tensor,
    start: Any,
    lengths: list[int],
    *,
    reverse: bool,
) -> tuple[Tensor, list[Tensor]]:
    """Outputs and last states of the reference, which runs every piece of every row by itself."""
    rows, ends = [], []
    for row, length in enumerate(lengths):
        bounds = sorted({0, length, *(mark for mark in MARKS[row] if mark < length)})
        outputs, end = [], None
        for first, last in list(pairwise(bounds))[:: -1 if reverse else 1]:
            state = cell.initial_state(1, inputs)
            keeps = last == length if reverse else first == 0 and 0 not in MARKS[row]
            if keeps:
                state = rebuild(state, (tensor[row : row + 1] for tensor in start))
            output, end = ReferenceKernel().scan(
                cell,
                weights,
                inputs[row : row + 1, first:last],
                state,
                lengths=None,
                reverse=reverse,
            )
            outputs.append(output)
        joined = torch.cat(outputs[::-1] if reverse else outputs, dim=1)
        rows.append(torch.nn.functional.pad(joined, (0, 0, 0, STEPS - length)))
        ends.append(end)
    return torch.cat(rows), [torch.cat(tensors) for tensors in zip(*ends, strict=True)]


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
@pytest.mark.parametrize("name", CELLS)
def test_marked_rows_give_what_their_pieces_give_alone(kernel: AbstractKernel, name: str) -> None:
    cell: AbstractCell[Any] = CELLS[name](4)
    for reverse, padded in product([False, True], repeat=2):
        torch.manual_seed(0)
        weights = Recurrent(cell, 3).double().weights(0, 0)
        inputs = torch.randn(len(MARKS), STEPS, 3, dtype=torch.float64, requires_grad=True)
        zeros = cell.initial_state(len(MARKS), inputs)
        start = rebuild(zeros, (torch.randn_like(tensor).requires_grad_() for tensor in zeros))
        lengths = LENGTHS if padded else torch.full((len(MARKS),), STEPS)
        results = []
        for outputs, after in (
            pieces_alone(cell, weights, inputs, start, lengths.tolist(), reverse=reverse),
            kernel.scan_with_resets(
                cell,
                weights,
                inputs,
                start,
                resets=resets(),
                lengths=lengths if padded else None,
                reverse=reverse,
            ),
        ):
            outcome = torch.cat([outputs.flatten(), *(tensor.flatten() for tensor in after)])
            loss = (outcome * torch.arange(len(outcome)).double().cos()).sum()
            results.append(
                [outcome, *torch.autograd.grad(loss, [inputs, *weights.values(), *start])]
            )
        for expected, actual in zip(*results, strict=True):
            assert (expected - actual).abs().max().item() < 1e-12


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_tokens_are_packed_too(kernel: AbstractKernel) -> None:
    cell = GruCell(4)
    weights = Recurrent(cell, 9).double().weights(0, 0)
    tokens = torch.randint(9, (len(MARKS), STEPS))
    start = cell.initial_state(len(MARKS), weights["weight_hh"])
    options: dict[str, Any] = {"resets": resets(), "lengths": None, "reverse": False}
    expected, _ = ReferenceKernel().scan_with_resets(cell, weights, tokens, start, **options)
    actual, _ = kernel.scan_with_resets(cell, weights, tokens, start, **options)
    assert (expected - actual).abs().max().item() < 1e-12


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("number", [torch.nan, torch.inf])
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_what_is_not_finite_stays_in_its_piece(
    kernel: AbstractKernel, number: float, reverse: bool
) -> None:
    """Neither a state nor an input, whose piece may be the padding of another one."""
    cell = GruCell(4)
    weights = Recurrent(cell, 3).double().weights(0, 0)
    marks = torch.zeros(2, 12, dtype=torch.bool)
    marks[0, 2] = marks[1, 9] = True
    lost, inputs = marks.cummax(dim=1).values == reverse, torch.randn(2, 12, 3).double()
    results = []
    for filler in (0.0, number):
        zeros = cell.initial_state(2, inputs)
        start = rebuild(zeros, (torch.full_like(tensor, filler) for tensor in zeros))
        outputs, after = kernel.scan_with_resets(
            cell,
            weights,
            inputs.masked_fill(lost.unsqueeze(2), filler),
            start,
            resets=marks,
            lengths=None,
            reverse=reverse,
        )
        results.append([outputs[~lost], *after])
    for expected, actual in zip(*results, strict=True):
        assert torch.equal(expected, actual)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_rows_without_a_mark_give_the_bits_of_a_plain_scan(kernel: AbstractKernel) -> None:
    cell = LstmCell(4)
    weights = Recurrent(cell, 3).weights(0, 0)
    inputs = torch.randn(2, 9, 3)
    start = cell.initial_state(2, inputs)
    options: dict[str, Any] = {"lengths": None, "reverse": False}
    plain, _ = kernel.scan(cell, weights, inputs, start, **options)
    none = torch.zeros(2, 9, dtype=torch.bool)
    marked, _ = kernel.scan_with_resets(cell, weights, inputs, start, resets=none, **options)
    assert torch.equal(plain, marked)


def test_layers_and_directions_start_anew_together() -> None:
    torch.manual_seed(0)
    layer = Recurrent(GruCell(4), 3, num_layers=2, bidirectional=True).double()
    inputs = torch.randn(1, 9, 3, dtype=torch.float64)
    marks = torch.zeros(1, 9, dtype=torch.bool)
    marks[0, 4] = True
    whole, _ = layer(inputs, resets=marks)
    alone = torch.cat([layer(inputs[:, :4])[0], layer(inputs[:, 4:])[0]], dim=1)
    assert (whole - alone).abs().max().item() < 1e-12


def test_the_steps_before_a_mark_get_no_gradient_from_those_after_it() -> None:
    inputs = torch.randn(1, 6, 3, requires_grad=True)
    marks = torch.zeros(1, 6, dtype=torch.bool)
    marks[0, 3] = True
    outputs, _ = Recurrent(GruCell(4), 3)(inputs, resets=marks)
    (gradient,) = torch.autograd.grad(outputs[:, 3:].sum(), inputs)
    assert gradient[:, :3].abs().max() == 0 < gradient[:, 3:].abs().min()


def test_no_penalty_is_taken_between_two_pieces() -> None:
    penalty = Regularization(temporal=1.0).penalty
    raw = torch.tensor([[[0.0], [0.0], [5.0], [5.0]]])
    marks = torch.tensor([[False, False, True, False]])
    assert penalty(raw, raw, None) == pytest.approx(25 / 3)
    assert penalty(raw, raw, None, marks) == 0


def test_short_pieces_beside_a_long_one_run_in_groups_of_about_their_length() -> None:
    lengths = torch.tensor([1, 1, 3, 2, 100, 90])
    assert [group.tolist() for group in _groups(lengths, 197)] == [[0, 1], [2, 3], [4, 5]]
    assert [group.tolist() for group in _groups(torch.tensor([5, 7, 6]), 18)] == [[0, 1, 2]]


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        (torch.zeros(2, 3, dtype=torch.bool), r"resets are \(2, 3\), expected \(2, 4\)"),
        (torch.zeros(2, 4), r"resets are torch.float32, expected torch.bool"),
    ],
)
def test_marks_of_another_shape_or_type_are_refused(marks: Tensor, message: str) -> None:
    with pytest.raises(MisfitError, match=message):
        Recurrent(GruCell(4), 3)(torch.zeros(2, 4, 3), resets=marks)
