"""Products in bfloat16 on a processor without instructions for them, made in float32.

torch's own imitation is exact too, but takes a hundred times as long as a product in float32.
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
def imitated_bfloat16() -> Iterator[None]:
    """Lets autocast reach the recurrence on the CPU, and makes its products fast.

    Operands are rounded to bfloat16, sums are in float32, and each result is rounded once more, as
    torch's products are where there are instructions; the native kernel's keep their sums, and so
    lose less.
    """
    reached = patch.object(recurrence, "multiplies_bfloat16", lambda device: True)
    with reached, _WideProducts():  # type: ignore[no-untyped-call]  # torch's __init__ has no types
        yield


class _WideProducts(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Makes every product of bfloat16 matrices, autograd's own included, in float32."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """See TorchDispatchMode."""
        given = kwargs or {}
        if func in PRODUCTS and args[0].dtype == torch.bfloat16:
            return func(*(each.float() for each in args), **given).bfloat16()
        return func(*args, **given)
