"""Emulated products in bfloat16 equal torch's, in the whole recurrence."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks.cases import CASES, GATES
from benchmarks.rounding import emulated_bfloat16
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.hardware.device import multiplies_bfloat16
from zoo_core.runtime.kernels import autograd as recurrence
from zoo_core.runtime.run import Run

NEIGHBOUR = 2**-7
"""The largest relative distance to the next number in bfloat16."""


def test_a_product_is_that_of_rounded_operands_rounded() -> None:
    torch.manual_seed(0)
    a, b = torch.randn(9, 70).bfloat16(), torch.randn(70, 5).bfloat16()
    with emulated_bfloat16():
        measured = a @ b
    assert measured.dtype == torch.bfloat16
    exact = a.double() @ b.double()
    torch.testing.assert_close(measured.double(), exact, rtol=NEIGHBOUR / 2 + 1e-5, atol=1e-5)
    torch.testing.assert_close(measured, a @ b, rtol=NEIGHBOUR, atol=1e-5)


@pytest.mark.parametrize("cell", list(GATES))
def test_gradients_differ_by_the_rounding_only(catalog: Catalog, cell: str, tmp_path: Path) -> None:
    full = gradients(catalog, cell, "fp32", tmp_path / "fp32")
    with emulated_bfloat16():
        half = gradients(catalog, cell, "bf16", tmp_path / "bf16")
    assert "weight_hh" in " ".join(full)
    for name, exact in full.items():
        error = (half[name] - exact).norm() / exact.norm()
        assert 1e-5 < error < 1e-2, name


def gradients(catalog: Catalog, cell: str, precision: str, folder: Path) -> dict[str, Tensor]:
    run_config = CASES["toy"].run_config(
        catalog, cell, backend="portable", precision=precision, model={"num_layers": 2}
    )
    loop = Run(catalog, run_config, folder).loop
    next(loop.events())
    return {
        name: parameter.grad
        for name, parameter in loop.model.named_parameters()
        if parameter.grad is not None
    }


def test_the_patch_is_removed_afterwards() -> None:
    with emulated_bfloat16():
        assert vars(recurrence)["multiplies_bfloat16"]("cpu")
    assert vars(recurrence)["multiplies_bfloat16"] is multiplies_bfloat16
