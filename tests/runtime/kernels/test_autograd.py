"""Backpropagation through time, against finite differences and the reference kernel."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from zoo_core.runtime.kernels import autograd as recurrence
from zoo_core.runtime.kernels.cell_passes import Gradients
from zoo_core.runtime.kernels.portable import gru
from zoo_core.runtime.kernels.portable.gru import GruPasses
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.schedule import TimeSchedule
from zoo_core.runtime.nn.cell import AbstractCell
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.state import rebuild
from zoo_gru.cell import GruCell, ResetBeforeGruCell
from zoo_lstm.cell import LstmCell
from zoo_rnn.cell import RnnCell

B, T, F, H = 3, 4, 5, 2
CELLS: dict[str, AbstractCell[Any]] = {
    "rnn-tanh": RnnCell(H),
    "rnn-relu": RnnCell(H, "relu"),
    "lstm": LstmCell(H),
    "lstm-no-bias": LstmCell(H, bias=False),
    "gru": GruCell(H),
    "gru-no-bias": GruCell(H, bias=False),
}
every_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
LENGTHS = (None, torch.tensor([2, 4, 1]), torch.tensor([1, 1, 1]))


def weights(cell: AbstractCell[Any]) -> dict[str, Tensor]:
    """The cell's weights in float64, the same each time."""
    torch.manual_seed(0)
    return Recurrent(cell, F).double().requires_grad_().weights(0, 0)


def state(cell: AbstractCell[Any], like: Tensor, *, cut: bool = False) -> Any:
    """A random state, which requires a gradient unless it is cut off."""
    zeros = cell.initial_state(B, like.double())
    return rebuild(zeros, (torch.randn_like(tensor).requires_grad_(not cut) for tensor in zeros))


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param(cell, id=name, marks=[pytest.mark.gate] if name.endswith("no-bias") else [])
        for name, cell in CELLS.items()
    ],
)
def test_gradients_are_those_of_finite_differences(cell: AbstractCell[Any]) -> None:
    named = weights(cell)
    inputs = torch.randn(B, T, F, dtype=torch.float64, requires_grad=True)
    start = state(cell, inputs)
    for reverse, lengths in product([False, True], LENGTHS):
        options: dict[str, Any] = {"lengths": lengths, "reverse": reverse}

        def scan(*tensors: Tensor, options: dict[str, Any] = options) -> tuple[Tensor, ...]:
            inputs, *rest = tensors
            parameters = dict(zip(named, rest, strict=False))
            initial_state = rebuild(start, rest[len(named) :])
            outputs, after = PortableKernel().scan(
                cell, parameters, inputs, initial_state, **options
            )
            return outputs, *after

        assert torch.autograd.gradcheck(scan, (inputs, *named.values(), *start)), options


@every_cell
def test_tokens_give_what_the_reference_gives(cell: AbstractCell[Any]) -> None:
    named = weights(cell)
    for reverse, lengths, steps, cut in product([False, True], LENGTHS, [1, T], [False, True]):
        tokens = torch.randint(F, (B, steps))
        start = state(cell, tokens, cut=cut)
        options: dict[str, Any] = {"lengths": lengths, "reverse": reverse}
        if lengths is not None:
            options["lengths"] = lengths.clamp(max=steps)
        answers = []
        for kernel in (ReferenceKernel(), PortableKernel()):
            outputs, after = kernel.scan(cell, named, tokens, start, **options)
            outcome = torch.cat([outputs.flatten(), *(tensor.flatten() for tensor in after)])
            loss = (outcome * torch.arange(len(outcome)).cos()).sum()
            variables = [*named.values(), *(tensor for tensor in start if tensor.requires_grad)]
            answers.append((outcome, torch.autograd.grad(loss, variables)))
        torch.testing.assert_close(answers[1], answers[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("cut", [False, True])
def test_the_initial_states_gradient_is_computed_only_if_it_is_needed(
    monkeypatch: pytest.MonkeyPatch, cut: bool
) -> None:
    cell, needed = GruCell(H), []
    named, inputs = weights(cell), torch.randn(B, T, F, dtype=torch.float64)

    def backward(self: GruPasses, schedule: TimeSchedule, *given: Any) -> Gradients:
        needed.append(schedule.needs_initial_grad)
        return original(self, schedule, *given)

    original = GruPasses.backward
    monkeypatch.setattr(GruPasses, "backward", backward)
    start = state(cell, inputs, cut=cut)
    outputs, _ = PortableKernel().scan(cell, named, inputs, start, lengths=None, reverse=False)
    torch.autograd.grad(outputs.sum(), list(named.values()))
    assert needed == [not cut]


@every_cell
def test_a_gradient_of_the_last_state_alone_is_enough(cell: AbstractCell[Any]) -> None:
    named, inputs = weights(cell), torch.randn(B, T, F, dtype=torch.float64)
    actual = []
    for kernel in (ReferenceKernel(), PortableKernel()):
        start = cell.initial_state(B, inputs)
        _, after = kernel.scan(cell, named, inputs, start, lengths=None, reverse=False)
        turned = after[-1].t().flatten()  # its gradient has other strides than the state
        actual.append(torch.autograd.grad((turned.sin() * turned).sum(), list(named.values())))
    torch.testing.assert_close(actual[1], actual[0], rtol=0, atol=1e-12)


@every_cell
def test_a_graph_that_is_kept_gives_the_same_gradient_again(cell: AbstractCell[Any]) -> None:
    named, inputs = weights(cell), torch.randn(B, T, F, dtype=torch.float64)
    start = cell.initial_state(B, inputs)
    outputs, _ = PortableKernel().scan(cell, named, inputs, start, lengths=None, reverse=False)
    loss, given = outputs.sin().sum(), list(named.values())
    first = torch.autograd.grad(loss, given, retain_graph=True)
    torch.testing.assert_close(torch.autograd.grad(loss, given), first, rtol=0, atol=0)


@every_cell
def test_second_derivatives_are_an_error(cell: AbstractCell[Any]) -> None:
    named = weights(cell)
    inputs = torch.randn(B, T, F, dtype=torch.float64, requires_grad=True)
    start = cell.initial_state(B, inputs)
    outputs, _ = PortableKernel().scan(cell, named, inputs, start, lengths=None, reverse=False)
    with pytest.raises(NotImplementedError, match="second derivatives take"):
        torch.autograd.grad(outputs.sum(), inputs, create_graph=True)


@every_cell
def test_the_last_state_keeps_no_other_step_in_memory(cell: AbstractCell[Any]) -> None:
    named, inputs = weights(cell), torch.randn(B, T, F, dtype=torch.float64)
    start = cell.initial_state(B, inputs)
    _, after = PortableKernel().scan(cell, named, inputs, start, lengths=None, reverse=False)
    for tensor in after:
        assert tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size()


@every_cell
@pytest.mark.parametrize("tokens", [False, True], ids=["features", "tokens"])
def test_products_in_bfloat16_leave_states_and_gradients_in_single_precision(
    monkeypatch: pytest.MonkeyPatch, cell: AbstractCell[Any], tokens: bool
) -> None:
    monkeypatch.setattr(recurrence, "multiplies_bfloat16", lambda device: True)
    named = {
        name: tensor.detach().float().requires_grad_() for name, tensor in weights(cell).items()
    }
    inputs = torch.randint(F, (B, T)) if tokens else torch.randn(B, T, F)
    start, actual = cell.initial_state(B, torch.zeros(1)), []
    for enabled in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            answer = PortableKernel().scan(cell, named, inputs, start, lengths=None, reverse=False)
        gradients = torch.autograd.grad(answer[0].sin().sum(), list(named.values()))
        actual.append([answer[0], *answer[1], *gradients])
    assert {tensor.dtype for tensor in actual[1]} == {torch.float32}
    torch.testing.assert_close(actual[1], actual[0], rtol=0.02, atol=0.02)
    assert not torch.equal(actual[1][0], actual[0][0])


def test_products_stay_in_full_precision_where_bfloat16_is_emulated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recurrence, "multiplies_bfloat16", lambda device: False)
    cell, inputs, actual = GruCell(H), torch.randn(B, T, F), []
    named = {name: tensor.float() for name, tensor in weights(cell).items()}
    for enabled in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            start = cell.initial_state(B, inputs)
            options: dict[str, Any] = {"lengths": None, "reverse": False}
            actual.append(PortableKernel().scan(cell, named, inputs, start, **options)[0])
    assert torch.equal(*actual)


def test_autocast_leaves_double_precision_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recurrence, "multiplies_bfloat16", lambda device: True)
    cell, inputs, actual = GruCell(H), torch.randn(B, T, F).double(), []
    for enabled in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            start = cell.initial_state(B, inputs)
            options: dict[str, Any] = {"lengths": None, "reverse": False}
            actual.append(PortableKernel().scan(cell, weights(cell), inputs, start, **options)[0])
    assert torch.equal(*actual)


@every_cell
@torch.no_grad()
def test_under_autocast_a_single_step_keeps_its_state_in_single_precision(
    cell: AbstractCell[Any],
) -> None:
    named = {name: tensor.float() for name, tensor in weights(cell).items()}
    inputs = torch.randn(B, 1, F)
    with torch.autocast("cpu", torch.bfloat16):
        start = cell.initial_state(B, inputs)
        answer = PortableKernel().scan(cell, named, inputs, start, lengths=None, reverse=False)
    assert {tensor.dtype for tensor in (answer[0], *answer[1])} == {torch.float32}


def test_a_symbol_beyond_the_vocabulary_is_an_error() -> None:
    cell, tokens = LstmCell(H), torch.tensor([[0, F]])
    start = cell.initial_state(1, torch.zeros(1).double())
    with pytest.raises(IndexError):
        PortableKernel().scan(cell, weights(cell), tokens, start, lengths=None, reverse=False)


def test_other_cells_projections_and_devices_are_not_supported() -> None:
    kernel, like = PortableKernel(), torch.zeros(1)
    assert kernel.unsupported_reason(LstmCell(4), like) is None
    assert (
        kernel.unsupported_reason(LstmCell(4, proj_size=2), like)
        == "projections are not written out"
    )
    reason = kernel.unsupported_reason(ResetBeforeGruCell(4), like)
    assert reason == "no derivatives of gru-reset-before are written out"
    reason = kernel.unsupported_reason(LstmCell(4), torch.zeros(1, device="meta"))
    assert reason == "it runs on the CPU only, not on meta"


@pytest.mark.parametrize("lengths", LENGTHS, ids=["whole", "ragged", "single"])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_gru_has_the_same_gradients_step_by_step_and_all_at_once(
    monkeypatch: pytest.MonkeyPatch, reverse: bool, lengths: Tensor | None
) -> None:
    cell = CELLS["gru"]
    named = weights(cell)
    inputs = torch.randn(B, T, F, dtype=torch.float64, requires_grad=True)
    start = state(cell, inputs)
    results = []
    for size in (B * H, B * H + 1):  # step by step, and all at once
        monkeypatch.setattr(gru, "MIN_STEP_SIZE", size)
        outputs, _ = PortableKernel().scan(
            cell, named, inputs, start, lengths=lengths, reverse=reverse
        )
        loss = (outputs * torch.arange(outputs.numel()).view_as(outputs).cos()).sum()
        results.append(torch.autograd.grad(loss, [inputs, *start, *named.values()]))
    assert all(torch.equal(*pair) for pair in zip(*results, strict=True))
