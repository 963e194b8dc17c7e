"""The cross entropy by the native kernel, at every level of instructions, against torch's."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor

from zoo_core.runtime.nn import IGNORED
from zoo_core.runtime.training.class_loss import ClassLoss, CrossEntropy
from zoo_kernels.kernel import NativeKernel
from zoo_kernels.library import LEVEL, native_library

BUILT = native_library()
LEVELS = [] if isinstance(BUILT, str) else BUILT.levels[: BUILT.best + 1]
pytestmark = pytest.mark.skipif(isinstance(BUILT, str), reason=f"the library is not built: {BUILT}")
ROWS, CLASSES = (1, 3, 130), (1, 2, 7, 8, 33)
TOLERANCE = {torch.float64: 1e-12, torch.float32: 2e-6, torch.bfloat16: 1e-2}
SPECIAL = (None, float("inf"), -float("inf"), float("nan"))


def batch(rows: int, classes: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Logits and targets, of which some do not count."""
    generator = torch.Generator().manual_seed(rows * classes)
    logits = 4 * torch.randn(rows, classes, dtype=torch.float64, generator=generator)
    targets = torch.randint(0, classes, (rows,), generator=generator)
    targets[torch.rand(rows, generator=generator) < 0.2] = IGNORED
    return logits.to(dtype), targets


def results(
    loss: CrossEntropy, logits: Tensor, targets: Tensor, kernel: NativeKernel | None
) -> tuple[ClassLoss, list[Tensor]]:
    """The result, and its numbers and the gradient, in double."""
    leaf = logits.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=logits.dtype == torch.bfloat16):
        result = loss(leaf, targets, kernel)
    result.loss.backward()  # type: ignore[no-untyped-call]
    assert leaf.grad is not None
    assert leaf.grad.dtype == logits.dtype
    numbers = [part.detach().double() for part in result if part is not None]
    return result, [*numbers, leaf.grad.double()]


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_loss_gradient_and_counts_are_torchs(
    monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype
) -> None:
    for rows, classes, smoothing, weighted, special in product(
        ROWS, CLASSES, (0.0, 0.1), (False, True), SPECIAL
    ):
        if special is not None and (rows, classes) != (3, 7):
            continue
        logits, targets = batch(rows, classes, dtype)
        if special is not None:
            logits[rows // 2, classes // 2] = special
        weights = tuple(0.25 * (1 + number % 5) for number in range(classes))
        loss = CrossEntropy(smoothing, weights if weighted else None)
        _, expected = results(loss, logits, targets, None)
        for level in LEVELS:
            monkeypatch.setenv(LEVEL, level)
            _, actual = results(loss, logits, targets, NativeKernel())
            message = f"differs at {level}: {rows, classes, smoothing, weighted, special}"
            torch.testing.assert_close(
                actual,
                expected,
                rtol=TOLERANCE[dtype],
                atol=TOLERANCE[dtype],
                equal_nan=True,
                msg=message,
            )


def test_the_gradient_is_that_of_the_loss() -> None:
    logits, targets = batch(5, 7, torch.float64)
    loss, kernel = CrossEntropy(0.1, (0.5, 1, 2, 1, 1, 1, 3)), NativeKernel()
    assert torch.autograd.gradcheck(
        lambda x: 3 * loss(x, targets, kernel).loss, logits.requires_grad_()
    )


def test_the_number_of_threads_changes_no_bit() -> None:
    logits, targets = batch(1000, 333, torch.float32)
    found = []
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        found.append(results(CrossEntropy(), logits, targets, NativeKernel())[1])
    for others in found[1:]:
        assert all(torch.equal(*pair) for pair in zip(others, found[0], strict=True))


def test_rows_may_lie_time_major_in_memory() -> None:
    logits, targets = batch(12, 5, torch.float64)
    logits, targets = logits.view(3, 4, 5).transpose(0, 1), targets.view(3, 4).T
    _, expected = results(CrossEntropy(), logits, targets, None)
    _, actual = results(CrossEntropy(), logits, targets, NativeKernel())
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-12)


def test_a_target_that_is_no_class_is_torchs_error() -> None:
    logits, _ = batch(2, 3, torch.float32)
    with pytest.raises(IndexError, match="Target 3 is out of bounds"):
        CrossEntropy()(logits, torch.tensor([0, 3]), NativeKernel())


def test_without_targets_the_loss_is_not_a_number() -> None:
    logits, _ = batch(2, 3, torch.float32)
    targets = torch.full((2,), IGNORED)
    result, (*_, grad) = results(CrossEntropy(), logits, targets, NativeKernel())
    assert result.loss.isnan()
    assert [int(result.targets), int(result.correct)] == [0, 0]
    assert not grad.any()


def test_targets_of_fewer_bits_and_a_batch_without_classes_are_left_to_torch() -> None:
    """C++ would read 64 bits of each target."""
    logits, targets = batch(3, 7, torch.float32)
    kernel = NativeKernel()
    assert kernel.class_loss(logits, targets, None, 0.0, None) is not None
    zeros = torch.zeros(6, dtype=torch.int32)  # twice as many as count, and classes as 64 bits too
    assert kernel.class_loss(logits, zeros[:3], None, 0.0, None) is None
    assert kernel.class_loss(logits, targets[:2], None, 0.0, None) is None
    assert kernel.class_loss(logits[:0], targets[:0], None, 0.0, None) is None
