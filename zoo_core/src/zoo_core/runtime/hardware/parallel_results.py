"""A check that torch computes the same with several threads as with one."""

from __future__ import annotations

import os

import torch
from torch import Tensor, nn

from zoo_core.errors import DeviceError
from zoo_core.runtime.hardware.threads import torch_threads

LIMITS = ("OMP_DYNAMIC", "OMP_THREAD_LIMIT")
"""Environment variables with which OpenMP starts fewer threads than torch asks for.

oneDNN leaves out the work of those that are missing: gradients of torch's LSTM are then off by
their own size, and products in bfloat16 are not numbers.
"""
ROWS, STEPS, WIDTH = 16, 4, 128
"""Sizes of the smallest work that is certain to be divided among threads."""
TOLERANCE = {"fp32": 1e-3, "bf16": 0.1}
"""Relative difference of two results that differ in the order of sums alone."""


def check_parallel_results(threads: int, precision: str) -> None:
    """Computes a small gradient, and a product in bfloat16 if a run makes such, in both ways.

    Args:
        threads: The threads of the run.
        precision: ``fp32`` or ``bf16``.

    Raises:
        DeviceError: The results differ, with the environment variable that is the cause.
    """
    if threads == 1:
        return
    with torch_threads(1):
        expected = _results(precision)
    with torch_threads(threads):
        actual = _results(precision)
    pairs = zip(actual, expected, strict=True)
    if all(_is_close(*pair, TOLERANCE[precision]) for pair in pairs):
        return
    names = [name for name in LIMITS if name in os.environ]
    settings = " and ".join(f"{name}={os.environ[name]}" for name in names)
    cause = f"with {settings} " if names else ""
    remedy = f"unset {' and '.join(names)}" if names else "choose --threads 1"
    raise DeviceError(f"{cause}torch computes wrong results with {threads} threads; {remedy}")


def _results(precision: str) -> list[Tensor]:
    with (
        torch.random.fork_rng([]),
        torch.autocast("cpu", enabled=False),
        torch.enable_grad(),
    ):
        torch.manual_seed(0)
        layer = nn.LSTM(WIDTH, WIDTH, batch_first=True)
        outputs, _ = layer(torch.randn(ROWS, STEPS, WIDTH))
        torch.autograd.backward(outputs.sum())
        gradients = (parameter.grad for parameter in layer.parameters())
        results = [gradient for gradient in gradients if gradient is not None]
        if precision == "bf16":
            factors = torch.randn(2, WIDTH, WIDTH).bfloat16()
            results.append((factors[0] @ factors[1]).float())
    return results


def _is_close(actual: Tensor, expected: Tensor, tolerance: float) -> bool:
    return bool((actual - expected).norm() <= tolerance * expected.norm())  # False for a NaN
