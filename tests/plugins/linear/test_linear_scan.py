"""The scan of linear recurrences, against the plain loop over time."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.runtime.kernels.scan_cases import scan_case
from zoo_core.runtime.nn import AbstractCell, AbstractKernel, Recurrent, ReferenceKernel
from zoo_core.runtime.nn.state import rebuild
from zoo_gru.cell import GruCell
from zoo_kernels.kernel import NativeKernel
from zoo_linear import newton
from zoo_linear.kernel import LinearScanKernel
from zoo_linear.lru import LruCell
from zoo_linear.minimal import MinGruCell, MinLstmCell
from zoo_linear.qrnn import QrnnCell
from zoo_linear.rg_lru import RgLruCell
from zoo_linear.s4d import S4dCell
from zoo_linear.s6 import S6Cell
from zoo_linear.scan import linear_scan
from zoo_linear.sru import SruCell
from zoo_linear.window_cell import windows

CELLS: dict[str, AbstractCell[Any]] = {
    "mingru": MinGruCell(4),
    "minlstm": MinLstmCell(4),
    "lru": LruCell(4),
    "qrnn": QrnnCell(4),
    "rg-lru": RgLruCell(4),
    "s4d": S4dCell(4, state_size=3),
    "s6": S6Cell(4, state_size=3),
    "s6-negative": S6Cell(4, state_size=3, negative_eigenvalues=True),
    "sru": SruCell(4),
}


def loop(decay: Tensor, added: Tensor, state: Tensor) -> Tensor:
    """The recurrence, step by step."""
    states = []
    for a, b in zip(decay.unbind(1), added.unbind(1), strict=True):
        state = a * state + b
        states.append(state)
    return torch.stack(states, dim=1)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=["real", "complex"])
@pytest.mark.parametrize("steps", [1, 2, 3, 9, 10, 50])
def test_the_scan_and_its_gradients_are_those_of_the_loop(steps: int, dtype: torch.dtype) -> None:
    torch.manual_seed(steps)
    shape = (2, steps, 3)
    arguments = [
        (0.7 * torch.randn(shape, dtype=dtype)).requires_grad_(),  # some decays are above 1
        torch.randn(shape, dtype=dtype, requires_grad=True),
        torch.randn(2, 3, dtype=dtype, requires_grad=True),
    ]
    results = []
    for states in (loop(*arguments), linear_scan(*arguments)):
        weights = torch.arange(states.numel()).view(states.shape).double().cos()
        total = (states.abs().square() * weights).sum()
        results.append([states, *torch.autograd.grad(total, arguments)])
    for expected, actual in zip(*results, strict=True):
        assert ((expected - actual).abs() / (1 + expected.abs())).max().item() < 1e-11


def test_a_gradient_of_the_scan_has_a_gradient() -> None:
    torch.manual_seed(0)
    arguments = [
        torch.rand(1, 5, 2).double(),
        torch.rand(1, 5, 2).double(),
        torch.rand(1, 2).double(),
    ]
    for argument in arguments:
        argument.requires_grad_()
    starts = torch.tensor([[False, False, True, True, False]])
    assert torch.autograd.gradgradcheck(linear_scan, arguments)
    assert torch.autograd.gradgradcheck(linear_scan, [*arguments, starts])


def test_a_state_that_is_not_finite_reaches_no_earlier_step() -> None:
    added = torch.zeros(1, 9, 1)
    added[0, 5] = torch.inf
    states = linear_scan(torch.full((1, 9, 1), 0.5), added, torch.zeros(1, 1))
    assert not states[0, :5].any()
    assert states[0, 5:].isinf().all()


@pytest.mark.parametrize("tested", [LinearScanKernel, NativeKernel], ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", CELLS)
def test_the_kernel_gives_what_the_loop_gives(name: str, tested: type[AbstractKernel]) -> None:
    kernel, like = tested(), torch.zeros(1)
    if reason := kernel.unsupported_reason(CELLS[name], like):
        pytest.skip(reason)
    cell, rows, steps = CELLS[name], 3, 20
    for reverse, padded, marked in product([False, True], repeat=3):
        torch.manual_seed(0)
        weights = Recurrent(cell, 3).double().weights(0, 0)
        inputs = torch.randn(rows, steps, 3, dtype=torch.float64, requires_grad=True)
        zeros = cell.initial_state(rows, inputs)
        start = rebuild(zeros, (torch.randn_like(part).requires_grad_() for part in zeros))
        lengths = torch.tensor([20, 7, 12]) if padded else None
        marks = torch.zeros(rows, steps, dtype=torch.bool)
        marks[0, [3, 4, 15]] = marks[1, 0] = marks[2, 12] = marked
        results = []
        for running in (ReferenceKernel(), kernel):
            outputs, after = running.scan_with_resets(
                cell, weights, inputs, start, resets=marks, lengths=lengths, reverse=reverse
            )
            outcome = torch.cat([outputs.flatten(), *(part.flatten() for part in after)])
            loss = (outcome * torch.arange(len(outcome)).double().cos()).sum()
            variables = [inputs, *weights.values(), *start]
            results.append([outcome, *torch.autograd.grad(loss, variables)])
        for expected, actual in zip(*results, strict=True):
            assert (expected - actual).abs().max().item() < 1e-10


@pytest.mark.parametrize("number", [torch.nan, torch.inf])
@pytest.mark.parametrize(
    "tested", [ReferenceKernel, LinearScanKernel, NativeKernel], ids=lambda kind: kind.name
)
@pytest.mark.parametrize("name", CELLS)
def test_a_state_that_is_not_finite_ends_at_a_start(
    name: str, tested: type[AbstractKernel], number: float
) -> None:
    """Rows that start anew at once have the gradients too; one row does so at its seventh step."""
    kernel, cell, like = tested(), CELLS[name], torch.zeros(1)
    if reason := kernel.unsupported_reason(cell, like):
        pytest.skip(reason)
    torch.manual_seed(0)
    weights = Recurrent(cell, 3).double().weights(0, 0)
    inputs = torch.randn(3, 20, 3, dtype=torch.float64, requires_grad=True)
    marks = torch.zeros(3, 20, dtype=torch.bool)
    marks[:2, 0] = marks[:, 6] = True
    results = []
    for filler in (0.0, number):
        zeros = cell.initial_state(3, inputs)
        start = rebuild(zeros, (part.fill_(filler).requires_grad_() for part in zeros))
        outputs, after = kernel.scan_with_resets(
            cell, weights, inputs, start, resets=marks, lengths=None, reverse=False
        )
        alone, _ = kernel.scan_with_resets(
            cell,
            weights,
            inputs[:2],
            rebuild(start, (part[:2] for part in start)),
            resets=marks[:2],
            lengths=None,
            reverse=False,
        )
        gradients = torch.autograd.grad(alone.cos().sum(), [inputs, *weights.values(), *start])
        results.append([outputs[:2], outputs[2, 6:], *after, *gradients])
    for expected, actual in zip(*results, strict=True):
        assert (expected - actual).abs().max().item() < 1e-12


@pytest.mark.parametrize("layout", ["time-first", "columns-first"])
def test_the_layout_of_tensors_changes_no_result(layout: str) -> None:
    torch.manual_seed(0)
    decay, added = torch.rand(2, 3, 10, 5).double()
    expected = linear_scan(decay, added, torch.zeros(3, 5).double())
    first, second = (0, 1) if layout == "time-first" else (1, 2)
    moved_decay, moved_added = (
        tensor.transpose(first, second).contiguous().transpose(first, second)
        for tensor in (decay, added)
    )
    states = linear_scan(moved_decay, moved_added, torch.zeros(3, 5).double())
    assert torch.equal(states, expected)


def test_the_kernel_runs_linear_recurrences_alone() -> None:
    reason = LinearScanKernel().unsupported_reason(GruCell(4), torch.zeros(1))
    assert reason == "the recurrence of gru is not linear"


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", CELLS)
def test_weights_of_half_precision_run_step_by_step(name: str, dtype: torch.dtype) -> None:
    layer = Recurrent(CELLS[name], 3).to(dtype)
    layer.kernels = (LinearScanKernel(), *layer.kernels)
    assert layer.kernel is layer.kernels[-1]
    outputs, _ = layer(torch.randn(2, 20, 3, dtype=dtype))
    assert outputs.dtype == dtype
    assert outputs.isfinite().all()


def test_a_window_ends_at_a_start_and_at_the_length_of_a_row() -> None:
    kept = torch.arange(1.0, 7).view(1, 6, 1).repeat(2, 1, 1)
    recent = torch.tensor([-2.0, -1]).view(1, 2, 1).repeat(2, 1, 1)  # -1 is the later one
    starts = torch.zeros(2, 6, dtype=torch.bool)
    starts[0, 2] = starts[1, 4] = True
    (one, two), after = windows(kept, recent, starts, torch.tensor([6, 5]))
    assert one[..., 0].tolist() == [[-1, 1, 0, 3, 4, 5], [-1, 1, 2, 3, 0, 5]]
    assert two[..., 0].tolist() == [[-2, -1, 0, 0, 3, 4], [-2, -1, 1, 2, 0, 0]]
    assert after[..., 0].tolist() == [[5, 6], [0, 5]]
    starts[0, 5] = True
    _, after = windows(kept, recent, starts, None)
    assert after[..., 0].tolist() == [[0, 6], [5, 6]]


def sru_results(kernel: AbstractKernel, weights: dict[str, Tensor], inputs: Tensor) -> list[Tensor]:
    """Outputs, last state and gradients of an SRU."""
    cell = SruCell(4)
    outputs, after = kernel.scan(
        cell,
        weights,
        inputs,
        cell.initial_state(len(inputs), inputs),
        lengths=None,
        reverse=False,
    )
    variables = list(weights.values())
    gradients = torch.autograd.grad(outputs.cos().sum(), variables)
    return [outputs, after.cell, *gradients]  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [1.0, 30.0], ids=["usual", "large"])
def test_newtons_method_gives_the_states_of_a_long_sequence(size: float) -> None:
    torch.manual_seed(0)
    weights = Recurrent(SruCell(4), 3).double().weights(0, 0)
    inputs = size * torch.randn(1, 300, 3, dtype=torch.float64)
    pairs = zip(
        sru_results(ReferenceKernel(), weights, inputs),
        sru_results(LinearScanKernel(), weights, inputs),
        strict=True,
    )
    for expected, actual in pairs:
        assert ((expected - actual).abs() / (1 + expected.abs())).max().item() < 1e-10


def test_a_batch_without_convergence_is_run_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    weights = Recurrent(SruCell(4), 3).double().weights(0, 0)
    inputs = torch.randn(2, 30, 3, dtype=torch.float64)
    monkeypatch.setattr(newton, "MAX_ROUNDS", 1)
    pairs = zip(
        sru_results(ReferenceKernel(), weights, inputs),
        sru_results(LinearScanKernel(), weights, inputs),
        strict=True,
    )
    assert all(torch.equal(expected, actual) for expected, actual in pairs)


def test_a_state_that_is_not_finite_reaches_no_earlier_step_of_an_sru() -> None:
    torch.manual_seed(0)
    layer = Recurrent(SruCell(4), 3)
    layer.kernels = (LinearScanKernel(),)
    inputs = torch.randn(1, 20, 3)
    expected, _ = layer(inputs)
    inputs[0, 9] = torch.nan
    outputs, _ = layer(inputs)
    assert torch.allclose(outputs[0, :9], expected[0, :9])
    assert outputs[0, 9:].isnan().all()


def test_wide_states_of_many_rows_are_left_to_the_loop_over_time() -> None:
    case = scan_case(S4dCell(64, state_size=16), 16, 100)
    assert LinearScanKernel().pays(case)
    assert not LinearScanKernel().pays(case._replace(batch_size=17))
