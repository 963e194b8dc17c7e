"""The activation functions, against torch's own."""

from __future__ import annotations

import pytest
import torch

from zoo_core.runtime.kernels.portable.activations import MIN_SIZE_FOR_SIGMOID_TANH as LARGE
from zoo_core.runtime.kernels.portable.activations import tanh


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("count", [3, 2 * LARGE])
def test_tanh_is_torchs_within_its_absolute_error(dtype: torch.dtype, count: int) -> None:
    x = torch.linspace(-20, 20, count).to(dtype)
    error, expected = 4 * torch.finfo(dtype).eps, x.tanh()
    actual = tanh(x, torch.empty_like(x))
    torch.testing.assert_close(actual, expected, rtol=0, atol=error)
    tanh(x, out=x)
    assert torch.equal(x, actual)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_tanh_has_two_correct_digits_near_zero(dtype: torch.dtype) -> None:
    x = torch.linspace(0.001, 0.01, 2 * LARGE).to(dtype)
    torch.testing.assert_close(tanh(x, torch.empty_like(x)), x.tanh(), rtol=0.01, atol=0)


def test_tanh_of_infinity_and_nan_is_torchs() -> None:
    x = torch.tensor([torch.inf, -torch.inf, torch.nan]).repeat(LARGE)
    torch.testing.assert_close(tanh(x, torch.empty_like(x)), x.tanh(), equal_nan=True)
