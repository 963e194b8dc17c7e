"""Numbers that the compiled library reads where they lie."""

from __future__ import annotations

from torch import Tensor

from zoo_kernels.library import StridedNumbers


def columns_together(*tensors: Tensor) -> list[Tensor]:
    """Returns tensors as C++ reads them: numbers themselves, of which columns lie side by side."""
    resolved = (tensor.resolve_conj().resolve_neg() for tensor in tensors)
    return [
        tensor if tensor.stride(-1) == 1 or tensor.shape[-1] <= 1 else tensor.contiguous()
        for tensor in resolved
    ]


def strided(numbers: Tensor) -> StridedNumbers:
    """Returns where numbers of ``columns_together`` lie, (B, T, N); (N,) if all rows are alike."""
    row, step = numbers.stride()[:2] if numbers.dim() > 1 else (0, 0)
    return StridedNumbers(numbers.data_ptr(), row, step)
