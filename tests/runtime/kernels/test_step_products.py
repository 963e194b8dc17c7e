"""Products with packed matrices, against the same in double precision."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from zoo_core.runtime.kernels.portable import products
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.portable.products import (
    MIN_PACKED_ROWS,
    MIN_PACKED_SIZE,
    MIN_PACKED_STEPS,
    StepProduct,
)
from zoo_core.runtime.nn.cell import AbstractCell
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_gru.cell import GruCell
from zoo_lstm.cell import LstmCell
from zoo_rnn.cell import RnnCell

WIDE = 512
packs = pytest.mark.skipif(
    not products._can_be_packed(torch.empty(WIDE, WIDE)), reason="torch packs no matrix here"
)


@pytest.fixture
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packs matrices of any size, for any rows and steps."""
    for name in ("MIN_PACKED_SIZE", "MIN_PACKED_ROWS", "MIN_PACKED_STEPS"):
        monkeypatch.setattr(products, name, 0)


@pytest.fixture
def threads() -> Iterator[None]:
    """Restores the number of threads."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def matrix(rows: int, columns: int, dtype: torch.dtype = torch.float32) -> Tensor:
    generator = torch.Generator().manual_seed(rows)
    return torch.randn(rows, columns, generator=generator).to(dtype)


@packs
@pytest.mark.parametrize(("dtype", "error"), [(torch.float32, 1e-4), (torch.bfloat16, 0.3)])
@pytest.mark.parametrize("transposed", [False, True])
def test_a_packed_matrix_gives_the_product_of_all_rows_and_of_the_first(
    dtype: torch.dtype, error: float, transposed: bool
) -> None:
    right = matrix(WIDE + 1, WIDE, dtype).t() if transposed else matrix(WIDE, WIDE + 1, dtype)
    step_product = StepProduct(right, MIN_PACKED_STEPS, 7)
    assert step_product._packed is not None
    for rows in (7, 3, 1):
        out, states = matrix(7, WIDE + 1)[:rows], matrix(9, WIDE)[:rows]
        rounded = states.to(dtype).double()
        expected = out.double() + rounded @ right.double()
        returned = step_product.add_to(out, states)
        assert returned is out
        assert (out - expected).abs().max() < error


@packs
def test_a_packed_product_is_the_same_bits_in_one_thread_and_in_two(threads: None) -> None:
    results = []
    for number in (1, 2):
        torch.set_num_threads(number)
        step_product = StepProduct(matrix(WIDE, WIDE), MIN_PACKED_STEPS, 32)
        results.append(step_product.add_to(torch.zeros(32, WIDE), matrix(32, WIDE)))
    assert torch.equal(*results)


@pytest.mark.parametrize(
    ("right", "steps", "rows"),
    [
        (matrix(WIDE, WIDE), MIN_PACKED_STEPS - 1, MIN_PACKED_ROWS),
        (matrix(WIDE, WIDE), MIN_PACKED_STEPS, MIN_PACKED_ROWS - 1),
        (matrix(WIDE, MIN_PACKED_SIZE // WIDE - 1), MIN_PACKED_STEPS, MIN_PACKED_ROWS),
        (matrix(WIDE, WIDE, torch.float64), MIN_PACKED_STEPS, MIN_PACKED_ROWS),
    ],
    ids=["few steps", "few rows", "small", "double"],
)
def test_everything_else_is_multiplied_by_torch(right: Tensor, steps: int, rows: int) -> None:
    step_product = StepProduct(right, steps, rows)
    assert step_product._packed is None
    out, states = matrix(rows, right.shape[1], right.dtype), matrix(rows, WIDE, right.dtype)
    expected = out.double() + states.double() @ right.double()
    assert (step_product.add_to(out, states) - expected).abs().max() < 1e-4


@packs
@pytest.mark.filterwarnings("ignore:TF32 acceleration")  # torch warns of its own flag
def test_without_onednn_nothing_is_packed() -> None:
    with torch.backends.mkldnn.flags(enabled=False):
        assert StepProduct(matrix(WIDE, WIDE), MIN_PACKED_STEPS, 7)._packed is None


@packs
def test_torch_compile_gets_no_packed_matrix(any_size: None) -> None:
    graphs: list[str] = []

    def note(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> Any:
        graphs.append(graph.code)
        return graph

    def multiply(right: Tensor, states: Tensor) -> Tensor:
        return StepProduct(right, 1, 1).add_to(torch.zeros(2, 3), states)

    right, states = matrix(4, 3), matrix(2, 4)
    product_of = torch.compile(multiply, backend=note, fullgraph=True)
    torch.testing.assert_close(product_of(right, states), states @ right)
    assert len(graphs) == 1
    assert "mkldnn" not in graphs[0]


@packs
@pytest.mark.parametrize("cell", [RnnCell(7), LstmCell(7), GruCell(7)], ids=lambda cell: cell.name)
def test_a_recurrence_with_packed_matrices_is_that_in_double_precision(
    cell: AbstractCell[Any], any_size: None
) -> None:
    torch.manual_seed(0)
    layer, inputs = Recurrent(cell, 5), torch.randn(3, 4, 5)
    for reverse, lengths in product([False, True], [None, torch.tensor([2, 4, 1])]):
        results = []
        for dtype in (torch.float64, torch.float32):  # double precision is never packed
            weights = {
                name: weight.detach().to(dtype).requires_grad_()
                for name, weight in layer.weights(0, 0).items()
            }
            features = inputs.to(dtype).requires_grad_()
            start = cell.initial_state(3, features)
            outputs, state = PortableKernel().scan(
                cell, weights, features, start, lengths=lengths, reverse=reverse
            )
            outcome = torch.cat([outputs.flatten(), *(tensor.flatten() for tensor in state)])
            loss = (outcome * torch.arange(len(outcome)).cos()).sum()
            gradients = torch.autograd.grad(loss, [features, *weights.values()])
            results.append([outcome, *gradients])
        for expected, actual in zip(*results, strict=True):
            torch.testing.assert_close(actual.double(), expected, rtol=1e-5, atol=2e-6)
