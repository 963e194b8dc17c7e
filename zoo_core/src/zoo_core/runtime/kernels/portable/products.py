"""Products with the recurrent weight, which every step of a recurrence multiplies with again."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

MIN_PACKED_SIZE, MIN_PACKED_ROWS, MIN_PACKED_STEPS = 1 << 18, 4, 12
"""The smallest K·N, B and T for which a packed matrix is faster. With B = 32 and one thread on an
AMD EPYC, a product takes, in us, with a plain and with a packed matrix: K 256 N 768 141 and 141,
K 512 N 512 216 and 177, K 512 N 2048 840 and 629; in bfloat16 98 and 89, 121 and 107, 472 and 345.
Packing takes 267, 425 and 922 us."""


@final
class StepProduct:
    """The product with one matrix, for the states of every step.

    oneDNN can pack a large matrix once for all steps; otherwise each product would do that again.
    torch has these functions for torch.compile, on x86 processors. torch.compile packs weights
    itself, and takes none that is already packed.

    Args:
        matrix: The right factor, (K, N).
        steps: The number of steps, T.
        rows: The number of rows of the first step's states, B.
    """

    def __init__(self, matrix: Tensor, steps: int, rows: int) -> None:
        self._dtype = matrix.dtype
        self._packed: Tensor | None = None
        if steps >= MIN_PACKED_STEPS and rows >= MIN_PACKED_ROWS and _can_be_packed(matrix):
            self._packed = torch.ops.mkldnn._reorder_linear_weight(matrix.t(), rows)
        # with several steps the copy is worth its time: small batches read a contiguous one faster
        self._matrix = matrix.contiguous() if steps > 1 and self._packed is None else matrix

    def add_to(self, out: Tensor, states: Tensor) -> Tensor:
        """Adds states (B, K) times the matrix to ``out``, (B, N), in place.

        The product is made in the matrix's precision, whatever that of the states. Returns ``out``.
        """
        if self._packed is not None:
            return out.add_(_packed_product(states.to(self._dtype), self._packed))
        if self._dtype == out.dtype:
            return out.addmm_(states, self._matrix)
        return out.add_(states.to(self._dtype) @ self._matrix)


def _can_be_packed(matrix: Tensor) -> bool:
    """Whether oneDNN packs a matrix, and is faster with it."""
    if torch.compiler.is_compiling():
        return False
    return (
        matrix.numel() >= MIN_PACKED_SIZE
        and matrix.dtype in (torch.float32, torch.bfloat16)
        and torch._C._has_mkldnn
        and bool(torch.backends.mkldnn.enabled)
        and torch.backends.cpu.get_cpu_capability().startswith("AVX")
    )


def _packed_product(states: Tensor, packed: Tensor) -> Tensor:
    product: Tensor = torch.ops.mkldnn._linear_pointwise(states, packed, None, "none", [], "")
    return product
