"""The bytes of words that a vocabulary lacks, which bits per byte count."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from zoo_core.data.vocabulary import Vocabulary


def unknown_bytes(ids: Tensor, symbols: Sequence[str], vocabulary: Vocabulary) -> Tensor | None:
    """Returns the UTF-8 bytes of each id that stands for an unknown word, and 0 for the others.

    Args:
        ids: The ids of the symbols, (N,); fewer than the symbols if unknown ones were skipped.
        symbols: The symbols.
        vocabulary: The vocabulary.

    Returns:
        (N,), int32; None if the vocabulary has no symbol for unknown words.
    """
    unknown = vocabulary.ids.get(vocabulary.tokenizer.unknown, -1)
    if unknown < 0:
        return None
    sizes = torch.zeros(len(ids), dtype=torch.int32)
    if len(ids) == len(symbols):
        places = (ids == unknown).nonzero()[:, 0]
        words = [symbols[place] for place in places.tolist()]
        lengths = [len(word.encode("utf-8", "surrogatepass")) for word in words]
        sizes[places] = torch.tensor(lengths, dtype=torch.int32)
    return sizes
