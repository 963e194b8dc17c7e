"""Tokens that the native kernel looks up in its steps, against the reference kernel."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.plugins.kernels.test_native import BUILT, CELLS, LEVELS, TOLERANCE, built, every_cell
from zoo_core.runtime.nn.cell import AbstractCell
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.state import rebuild
from zoo_gru.cell import GruCell
from zoo_kernels.kernel import NativeKernel
from zoo_kernels.library import LEVEL, NativeLibrary
from zoo_kernels.passes import NativePasses
from zoo_lstm.cell import LstmCell

pytestmark = built
SIZES = [(1, 1, 1, 1), (3, 5, 2, 7), (2, 9, 3, 33), (50, 3, 5, 20), (7, 4, 4, 130), (1, 6, 2, 9)]
"""Rows, steps, symbols and hidden size."""


def answer(
    kernel: AbstractKernel,
    cell: AbstractCell[Any],
    size: tuple[int, int, int, int],
    dtype: torch.dtype = torch.float32,
    *,
    padded: bool = False,
    reverse: bool = False,
    resets: bool = False,
) -> list[Tensor]:
    """Outputs with the last state, and every gradient, of the same tokens and weights each time."""
    rows, steps, symbols, _ = size
    torch.manual_seed(0)
    weights = Recurrent(cell, symbols).to(dtype).weights(0, 0)
    tokens = torch.randint(0, symbols, (rows, steps))
    zeros = cell.initial_state(rows, weights["weight_hh"])
    start = rebuild(zeros, (torch.randn_like(tensor).requires_grad_() for tensor in zeros))
    lengths = torch.randint(1, steps + 1, (rows,)) if padded else None
    marks = torch.rand(rows, steps) < 0.3
    options: dict[str, Any] = {"lengths": lengths, "reverse": reverse}
    if resets:
        outputs, after = kernel.scan_with_resets(
            cell, weights, tokens, start, resets=marks, **options
        )
    else:
        outputs, after = kernel.scan(cell, weights, tokens, start, **options)
    outcome = torch.cat([outputs.flatten(), *(tensor.flatten() for tensor in after)])
    loss = (outcome * torch.arange(len(outcome)).to(dtype).cos()).sum()
    return [outcome, *torch.autograd.grad(loss, [*weights.values(), *start])]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(make, id=name, marks=[pytest.mark.gate] if name.endswith("no-bias") else [])
        for name, make in CELLS.items()
    ],
)
def test_tokens_give_what_the_reference_kernel_gives(
    monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    torch.set_num_threads(1)
    for size, dtype, padded in product(SIZES, TOLERANCE, [False, True]):
        options = {"padded": padded, "reverse": padded, "resets": padded and size[1] > 4}
        expected = answer(ReferenceKernel(), make(size[3]), size, dtype, **options)
        for level in LEVELS:
            monkeypatch.setenv(LEVEL, level)
            actual = answer(NativeKernel(), make(size[3]), size, dtype, **options)
            message = f"differs at level {level}, size {size}, {dtype}, {options}"
            tolerance = TOLERANCE[dtype]
            torch.testing.assert_close(
                actual, expected, rtol=tolerance, atol=tolerance, msg=message
            )


@pytest.mark.parametrize("make", [LstmCell, GruCell], ids=["lstm", "gru"])
def test_the_gradient_of_a_table_is_that_of_finite_differences(make: Any) -> None:
    torch.set_num_threads(1)
    cell, tokens = make(3), torch.tensor([[0, 1, 1, 0, 1], [1, 1, 0, 0, 0]])
    torch.manual_seed(0)
    weights = Recurrent(cell, 2).double().weights(0, 0)
    start = cell.initial_state(2, weights["weight_hh"])

    def outputs(*tensors: Tensor) -> Tensor:
        named = dict(zip(weights, tensors, strict=True))
        return NativeKernel().scan(cell, named, tokens, start, lengths=None, reverse=False)[0]

    assert torch.autograd.gradcheck(outputs, tuple(weights.values()))


@pytest.mark.gate
@every_cell
@pytest.mark.parametrize("size", [(64, 12, 5, 64), (5, 4, 5, 240)], ids=["by-rows", "by-columns"])
def test_threads_change_no_bit_of_outputs_and_gradients_repeat(
    make: Any, size: tuple[int, int, int, int]
) -> None:
    answers = []
    for threads in (1, 2, 2):
        torch.set_num_threads(threads)
        answers.append(answer(NativeKernel(), make(size[3]), size))
    one, two, again = answers
    assert torch.equal(one[0], two[0])
    assert all(torch.equal(*pair) for pair in zip(two, again, strict=True))
    torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-4)


def test_looking_up_in_the_steps_changes_no_bit_of_the_outputs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    makes: list[Any] = list(CELLS.values())
    for make in makes:
        cell = make(33)
        in_steps = answer(NativeKernel(), cell, (6, 9, 3, 33))
        with monkeypatch.context() as patch:
            patch.setattr(NativePasses, "takes_tokens", lambda *_: False)
            before_steps = answer(NativeKernel(), cell, (6, 9, 3, 33))
        assert torch.equal(in_steps[0], before_steps[0])
        torch.testing.assert_close(in_steps, before_steps, rtol=1e-5, atol=1e-5)


def test_few_tokens_are_projected_beforehand() -> None:
    assert isinstance(BUILT, NativeLibrary)
    torch.set_num_threads(2)
    passes = NativePasses(BUILT, "lstm")
    assert passes.takes_tokens(20, 10)
    assert not passes.takes_tokens(19, 10)  # not enough for a table gradient in each thread


@pytest.mark.parametrize("token", [-1, 3])
def test_a_token_that_is_no_symbol_is_an_index_error(token: int) -> None:
    cell = LstmCell(4)
    weights, tokens = Recurrent(cell, 3).weights(0, 0), torch.full((2, 9), token)
    start = cell.initial_state(2, weights["weight_hh"])
    with pytest.raises(IndexError):
        NativeKernel().scan(cell, weights, tokens, start, lengths=None, reverse=False)


def test_tokens_may_have_gaps_in_memory() -> None:
    torch.set_num_threads(1)
    cell, tokens = LstmCell(4), torch.arange(24).remainder(3).view(1, 24)
    weights = Recurrent(cell, 3).weights(0, 0)
    start = cell.initial_state(1, weights["weight_hh"])
    options: dict[str, Any] = {"lengths": None, "reverse": False}
    gaps, _ = NativeKernel().scan(cell, weights, tokens[:, ::2], start, **options)
    none, _ = NativeKernel().scan(cell, weights, tokens[:, ::2].contiguous(), start, **options)
    assert torch.equal(gaps, none)
    assert torch.autograd.grad(gaps.sum(), weights["weight_ih"])[0].isfinite().all()
