"""The types in which the ids of a text are stored."""

from __future__ import annotations

import pytest
import torch

from zoo_text.encoding import token_type


@pytest.mark.parametrize(
    ("size", "dtype"),
    [
        (2, torch.uint8),
        (2**8, torch.uint8),
        (2**8 + 1, torch.int16),
        (2**15, torch.int16),
        (2**15 + 1, torch.int32),
        (2**16, torch.int32),
    ],
)
def test_the_smallest_type_holds_every_id(size: int, dtype: torch.dtype) -> None:
    assert token_type(size) == dtype
    assert torch.iinfo(dtype).max >= size - 1
