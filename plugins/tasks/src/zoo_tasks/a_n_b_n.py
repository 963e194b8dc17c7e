"""Words of as many b as a: ``aaabbb``.

Sources: Gers & Schmidhuber, LSTM Recurrent Networks Learn Simple Context-Free and
Context-Sensitive Languages (2001); Suzgun, Belinkov & Shieber, On Evaluating the Generalization of
LSTM Models in Formal Languages (2018, arXiv 1811.01001). Both ask at every step for all symbols
that may follow; while a is read, a and b may, so that only the steps from the first b on have a
label here. The set-up is from memory and from descriptions of it.
"""

from __future__ import annotations

from typing import final

import torch

from zoo_core import Classes, Vocabulary
from zoo_core.runtime.nn import IGNORED
from zoo_tasks.configs import ANBNConfig
from zoo_tasks.dataset import AbstractTokenTask
from zoo_tasks.rows import TaskRows, token_rows

SYMBOLS = ("a", "b")
NEXT = ("b", "end")
"""The classes: what comes after a step."""


@final
class ANBNDataset(AbstractTokenTask):
    """Every word of n times a and n times b once, with what comes next at each b: b, or the end.

    A network needs a counter that goes up and down again.

    Args:
        config: Settings of the dataset.
        vocabulary: Vocabulary of a checkpoint, or None for that of a and b.
    """

    row_options = "--dataset.max-n, --dataset.test-max-n"

    def __init__(self, config: ANBNConfig, vocabulary: Vocabulary | None) -> None:
        outputs = Classes(len(NEXT), per="step", names=NEXT)
        super().__init__("a-n-b-n", config, vocabulary, symbols=SYMBOLS, outputs=outputs)
        self.config = config

    def draw(self, count: int, generator: torch.Generator, *, is_test: bool) -> TaskRows:
        """Returns words with different n, in random order."""
        least = self.config.max_n if is_test else 0
        most = self.config.test_max_n if is_test else self.config.max_n
        n = least + 1 + torch.randperm(most - least, generator=generator)[:count, None]
        step = torch.arange(2 * most)
        labels = torch.full((len(n), 2 * most), IGNORED)
        labels = labels.masked_fill(step >= n, 0).masked_fill(step == 2 * n - 1, 1)
        return token_rows((step >= n).long(), labels, 2 * n[:, 0])
