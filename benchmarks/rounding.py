"""Products in bfloat16, computed in float32 on a processor without instructions for them.

torch's own emulation is exact too, but takes a hundred times as long as a product in float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from zoo_core.runtime.kernels import autograd as recurrence

PRODUCTS = (torch.ops.aten.mm.default, torch.ops.aten.addmm.default, torch.ops.aten.bmm.default)


@contextmanager
def emulated_bfloat16() -> Iterator[None]:
    """Applies autocast to recurrences on the CPU, and makes the products fast.

    Operands are rounded to bfloat16, sums are in float32, and each result is rounded once more, as
    torch's products are on processors with the instructions. (The native kernel does not round its
    results, so it loses less.)
    """
    patched = patch.object(recurrence, "multiplies_bfloat16", lambda device: True)
    with patched, _WideProducts():  # type: ignore[no-untyped-call]  # torch's __init__ has no types
        yield


class _WideProducts(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Computes every product of bfloat16 matrices in float32, also those of autograd."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """See TorchDispatchMode."""
        keywords = kwargs or {}
        if func in PRODUCTS and args[0].dtype == torch.bfloat16:
            return func(*(matrix.float() for matrix in args), **keywords).bfloat16()
        return func(*args, **keywords)
