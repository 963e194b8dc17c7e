"""Parity: whether the number of ones in a row of bits is odd.

Source: Grazzi, Siems, Zela, Franke, Hutter & Pontil, Unlocking State-Tracking in Linear RNNs
Through Negative Eigenvalues (2025, arXiv 2411.12537), with the set-up of Beck et al., xLSTM (2024):
training on lengths 3 to 40, test on 40 to 256, and a label for the whole row alone. They count the
place of the answer, so that their rows have one bit fewer than the length says. The set-up is read
in the configs of their experiments, the text of the papers is not.
"""

from __future__ import annotations

from typing import final

import torch

from zoo_core import Classes, Vocabulary
from zoo_tasks.configs import ParityConfig
from zoo_tasks.dataset import AbstractTokenTask
from zoo_tasks.rows import TaskRows, token_rows

SYMBOLS = ("0", "1")
PARITIES = ("even", "odd")
"""The classes."""


@final
class ParityDataset(AbstractTokenTask):
    """Rows of bits, each with even odds, and the parity of their sum.

    A network needs one bit of memory that every 1 turns over: a state that changes its sign. That
    is beyond a linear recurrence whose eigenvalues are not negative.

    Args:
        config: Settings of the dataset.
        vocabulary: Vocabulary of a checkpoint, or None for that of the bits.
    """

    def __init__(self, config: ParityConfig, vocabulary: Vocabulary | None) -> None:
        outputs = Classes(2, per=config.per, names=PARITIES)
        super().__init__("parity", config, vocabulary, symbols=SYMBOLS, outputs=outputs)
        self.config = config

    def draw(self, count: int, generator: torch.Generator, *, is_test: bool) -> TaskRows:
        """Returns rows of bits; every length is equally likely."""
        config = self.config
        shortest = config.test_min_length if is_test else config.min_length
        longest = config.test_max_length if is_test else config.max_length
        lengths = torch.randint(shortest, longest + 1, (count,), generator=generator)
        bits = torch.randint(2, (count, longest), generator=generator)
        sums = bits.cumsum(dim=1) % 2
        if config.per == "step":
            return token_rows(bits, sums, lengths)
        return token_rows(bits, sums.gather(1, lengths[:, None] - 1)[:, 0], lengths)
