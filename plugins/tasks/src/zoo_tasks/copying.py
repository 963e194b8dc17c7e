"""Copying from memory, after a delay or from among blanks.

Sources: Hochreiter & Schmidhuber, Long Short-Term Memory (1997); Arjovsky, Shah & Bengio, Unitary
Evolution Recurrent Neural Networks (2016, arXiv 1511.06464), whose form ``copy-memory`` has: 10
symbols out of 8, T - 1 blanks, a sign, 10 blanks, with a label at every step. Gu & Dao, Mamba
(2023, arXiv 2312.00752) for ``selective-copy``, in the form of the code of S4 that they use: 16
symbols out of 14 anywhere among 4,096 blanks, then as many signs, with labels at the signs. That
code and descriptions of both tasks were read; the text of the papers was not.
"""

from __future__ import annotations

from string import ascii_lowercase
from typing import final

import torch

from zoo_core import Classes, Vocabulary
from zoo_core.runtime.nn import IGNORED
from zoo_tasks.configs import CopyMemoryConfig, SelectiveCopyConfig
from zoo_tasks.dataset import AbstractTokenTask
from zoo_tasks.rows import TaskRows, token_rows

BLANK, SIGN = ".", "?"
"""The symbols for nothing, and for the time to repeat."""


@final
class CopyMemoryDataset(AbstractTokenTask):
    """Rows of symbols, each equally likely, blanks and a sign, after which the symbols come again.

    With K symbols out of S and a delay of T, a row has T + 2 K steps: the K symbols, T - 1 blanks,
    the sign, K blanks. The label of the first T + K steps is the blank, that of the others the
    symbols. A model that knows the places and guesses the symbols has the loss K ln S / (T + 2 K).

    Args:
        config: Settings of the dataset.
        vocabulary: Vocabulary of a checkpoint, or None for that of the symbols.
    """

    def __init__(self, config: CopyMemoryConfig, vocabulary: Vocabulary | None) -> None:
        letters = tuple(ascii_lowercase[: config.symbols])
        names = (*letters, BLANK)
        super().__init__(
            "copy-memory",
            config,
            vocabulary,
            symbols=(*names, SIGN),
            outputs=Classes(len(names), per="step", names=names),
        )
        self.config = config

    def draw(self, count: int, generator: torch.Generator, *, is_test: bool) -> TaskRows:
        """Returns rows of one length."""
        config = self.config
        delay = config.test_delay if is_test else config.delay
        copied, blank = config.copied, config.symbols
        symbols = torch.randint(config.symbols, (count, copied), generator=generator)
        tokens = torch.full((count, delay + 2 * copied), blank)
        tokens[:, :copied] = symbols
        tokens[:, copied + delay - 1] = blank + 1
        labels = torch.full_like(tokens, blank if config.targets == "all" else IGNORED)
        labels[:, -copied:] = symbols
        return token_rows(tokens, labels)


@final
class SelectiveCopyDataset(AbstractTokenTask):
    """Rows of symbols, each equally likely, anywhere among blanks, then a sign for each of them.

    With K symbols among L blanks a row has L + 2 K steps. The labels of the K signs are the symbols
    in their order. What to remember depends on what is read, not on when.

    Args:
        config: Settings of the dataset.
        vocabulary: Vocabulary of a checkpoint, or None for that of the symbols.
    """

    def __init__(self, config: SelectiveCopyConfig, vocabulary: Vocabulary | None) -> None:
        letters = tuple(ascii_lowercase[: config.symbols])
        super().__init__(
            "selective-copy",
            config,
            vocabulary,
            symbols=(*letters, BLANK, SIGN),
            outputs=Classes(len(letters), per="step", names=letters),
        )
        self.config = config

    def draw(self, count: int, generator: torch.Generator, *, is_test: bool) -> TaskRows:
        """Returns rows of one length; every choice of places is equally likely."""
        config = self.config
        blanks = config.test_blanks if is_test else config.blanks
        copied, blank = config.copied, config.symbols
        symbols = torch.randint(config.symbols, (count, copied), generator=generator)
        keys = torch.rand(count, blanks + copied, generator=generator)
        places = keys.topk(copied, dim=1).indices.sort(dim=1).values
        tokens = torch.full((count, blanks + 2 * copied), blank)
        tokens.scatter_(1, places, symbols)
        tokens[:, -copied:] = blank + 1
        labels = torch.full_like(tokens, IGNORED)
        labels[:, -copied:] = symbols
        return token_rows(tokens, labels)
