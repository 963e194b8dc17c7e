"""The chunks of recurrences with a matrix state, against the plain loop over time."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch

from tests.runtime.kernels.scan_cases import scan_case
from zoo_core.runtime.nn import AbstractCell, Recurrent, ReferenceKernel
from zoo_core.runtime.nn.state import rebuild
from zoo_gru.cell import GruCell
from zoo_matrix.delta import DeltaNetCell, GatedDeltaNetCell
from zoo_matrix.kernel import MatrixChunksKernel
from zoo_matrix.matrix_cell import AbstractMatrixCell
from zoo_matrix.mlstm import MlstmCell
from zoo_matrix.slstm import SlstmCell

CELLS: dict[str, AbstractMatrixCell[Any]] = {
    "mlstm": MlstmCell(4, 2, 3),
    "mlstm-exponential": MlstmCell(4, 2, 3, "exponential"),
    "deltanet": DeltaNetCell(4, 2, 3, negative_eigenvalues=True),
    "gated-deltanet": GatedDeltaNetCell(4, 2, 3),
}
CHUNK = "zoo_matrix.kernel.CHUNK"


def results(cell: AbstractCell[Any], kernel: Any, *, steps: int, **marks: Any) -> list[Any]:
    """Outputs, last states and gradients of a kernel, for the same numbers every time."""
    torch.manual_seed(0)
    weights = Recurrent(cell, 3).double().weights(0, 0)
    inputs = torch.randn(3, steps, 3, dtype=torch.float64, requires_grad=True)
    zeros = cell.initial_state(3, inputs)
    start = rebuild(zeros, (torch.randn_like(part).requires_grad_() for part in zeros))
    outputs, after = kernel.scan_with_resets(cell, weights, inputs, start, **marks)
    outcome = torch.cat([outputs.flatten(), *(part.flatten() for part in after)])
    loss = (outcome * torch.arange(len(outcome)).double().cos()).sum()
    return [outcome, *torch.autograd.grad(loss, [inputs, *weights.values(), *start])]


@pytest.mark.parametrize("name", CELLS)
def test_chunks_give_what_the_loop_gives(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CHUNK, 8)
    for reverse, padded, marked in product([False, True], repeat=3):
        marks = torch.zeros(3, 20, dtype=torch.bool)
        marks[0, [3, 4, 15]] = marks[1, 0] = marks[2, 12] = marked
        case = {
            "resets": marks,
            "lengths": torch.tensor([20, 7, 12]) if padded else None,
            "reverse": reverse,
        }
        expected = results(CELLS[name], ReferenceKernel(), steps=20, **case)
        actual = results(CELLS[name], MatrixChunksKernel(), steps=20, **case)
        for one, other in zip(expected, actual, strict=True):
            assert ((one - other).abs() / (1 + one.abs())).max().item() < 1e-10


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("steps", [1, 65])
def test_chunks_of_any_length_give_what_the_loop_gives(name: str, steps: int) -> None:
    case = {"resets": torch.zeros(3, steps, dtype=torch.bool), "lengths": None, "reverse": False}
    expected = results(CELLS[name], ReferenceKernel(), steps=steps, **case)
    actual = results(CELLS[name], MatrixChunksKernel(), steps=steps, **case)
    for one, other in zip(expected, actual, strict=True):
        assert ((one - other).abs() / (1 + one.abs())).max().item() < 1e-10


@pytest.mark.parametrize("name", ["mlstm", "deltanet", "gated-deltanet"])
def test_a_long_sequence_stays_finite_and_near_to_double_precision(name: str) -> None:
    cell, kernel = CELLS[name], MatrixChunksKernel()
    torch.manual_seed(0)
    weights = Recurrent(cell, 3).weights(0, 0)
    inputs = torch.randn(1, 10_000, 3)
    found = []
    with torch.no_grad():
        for dtype in (torch.float64, torch.float32):
            cast = {key: weight.to(dtype) for key, weight in weights.items()}
            state = cell.initial_state(1, cast["weight_ih"])
            outputs, _ = kernel.scan(
                cell, cast, inputs.to(dtype), state, lengths=None, reverse=False
            )
            found.append(outputs.double())
    assert found[1].isfinite().all()
    assert (found[0] - found[1]).abs().max().item() < 1e-3


@pytest.mark.parametrize("name", CELLS)
def test_no_output_depends_on_a_later_step(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CHUNK, 8)
    cell, kernel = CELLS[name], MatrixChunksKernel()
    torch.manual_seed(0)
    weights = Recurrent(cell, 3).weights(0, 0)
    inputs = torch.randn(2, 20, 3)
    changed = inputs.clone()
    changed[:, 11] += 3
    state = cell.initial_state(2, inputs)
    before, after = (
        kernel.scan(cell, weights, each, state, lengths=None, reverse=False)[0]
        for each in (inputs, changed)
    )
    assert torch.equal(before[:, :11], after[:, :11])
    assert not torch.equal(before[:, 11], after[:, 11])


def test_the_kernel_runs_matrix_states_in_full_precision_alone() -> None:
    kernel = MatrixChunksKernel()
    for cell in (GruCell(4), SlstmCell(4)):
        assert kernel.unsupported_reason(cell, torch.zeros(1)) == (
            f"the state of {cell.name} is no matrix"
        )
    half = torch.zeros(1, dtype=torch.bfloat16)
    assert kernel.unsupported_reason(MlstmCell(4), half) == (
        "torch.bfloat16 is too coarse for sums over a chunk"
    )


@pytest.mark.parametrize("name", CELLS)
def test_under_autocast_chunks_are_in_full_precision(name: str) -> None:
    cell = CELLS[name]
    torch.manual_seed(0)
    weights = Recurrent(cell, 3).weights(0, 0)
    inputs = torch.randn(2, 40, 3)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        _, state = MatrixChunksKernel().scan(
            cell, weights, inputs, cell.initial_state(2, inputs), lengths=None, reverse=False
        )
        _, expected = ReferenceKernel().scan(
            cell, weights, inputs, cell.initial_state(2, inputs), lengths=None, reverse=False
        )
    for actual, right in zip(state, expected, strict=True):
        assert torch.allclose(actual, right.float(), rtol=1e-4, atol=1e-4)


def test_a_few_steps_are_left_to_the_loop_over_time() -> None:
    case = scan_case(MlstmCell(4), 2, 16)
    assert MatrixChunksKernel().pays(case)
    assert MatrixChunksKernel().pays(case._replace(steps=None))
    assert not MatrixChunksKernel().pays(case._replace(steps=15))
