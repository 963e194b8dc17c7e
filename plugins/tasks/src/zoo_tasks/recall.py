"""Multi-query associative recall: keys with values, then the value of each key that comes again.

Source: Arora et al., Zoology: Measuring and Improving Recall in Efficient Language Models (2023,
arXiv 2312.04927). The form is read in a copy of their code: keys and values in turn, all different,
then each key once more, at a distance with a power law, with its value as the label of that step.
The text of the paper was not read. Its sizes are larger: lengths of 64 to 512 with 4 to 64 pairs
and 8,192 symbols, and random symbols between the questions.
"""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_core import Classes, Vocabulary
from zoo_core.runtime.nn import IGNORED
from zoo_tasks.configs import RecallConfig
from zoo_tasks.dataset import AbstractTokenTask
from zoo_tasks.rows import TaskRows, token_rows

BLANK = " ."
"""The symbol between the questions."""
MAX_AT_ONCE = 1 << 24
"""Numbers that are put in order at once, to choose keys or values."""


@final
class RecallDataset(AbstractTokenTask):
    """Rows of D keys with values, and each key once more, where its value is the label.

    The keys of a row are different, and so are its values. The questions stand at the even steps
    after the pairs: the one of them with number d, from 1, has a key with odds d^(power - 1), drawn
    without replacement.

    Args:
        config: Settings of the dataset.
        vocabulary: Vocabulary of a checkpoint, or None for that of the keys and values.
    """

    def __init__(self, config: RecallConfig, vocabulary: Vocabulary | None) -> None:
        values = tuple(f"v{number}" for number in range(config.values))
        keys = (f" k{number}" for number in range(config.keys))
        super().__init__(
            "recall",
            config,
            vocabulary,
            symbols=(*keys, *(f" {value}" for value in values), BLANK),
            outputs=Classes(len(values), per="step", names=values),
        )
        self.config = config

    def draw(self, count: int, generator: torch.Generator, *, is_test: bool) -> TaskRows:
        """Returns rows of one length and number of pairs."""
        config = self.config
        pairs = config.test_pairs if is_test else config.pairs
        length = config.test_length if is_test else config.length
        keys = _distinct(count, config.keys, pairs, generator)
        values = _distinct(count, config.values, pairs, generator)
        distances = torch.arange(1, (length - 2 * pairs) // 2 + 1)
        odds = distances.double() ** (config.power - 1)
        gaps = torch.multinomial(odds.expand(count, -1), pairs, generator=generator)
        questions = 2 * (pairs + gaps)
        tokens = torch.full((count, length), config.keys + config.values)
        if config.filler == "random":
            tokens = torch.randint(config.keys + config.values, tokens.shape, generator=generator)
        tokens[:, 0 : 2 * pairs : 2] = keys
        tokens[:, 1 : 2 * pairs : 2] = values + config.keys
        tokens.scatter_(1, questions, keys)
        labels = torch.full_like(tokens, IGNORED).scatter_(1, questions, values)
        return token_rows(tokens, labels)


def _distinct(count: int, total: int, chosen: int, generator: torch.Generator) -> Tensor:
    """Returns different numbers below a total in random order, (count, chosen)."""
    rows_at_once = max(1, MAX_AT_ONCE // total)
    parts = []
    for start in range(0, count, rows_at_once):
        drawn = torch.rand(min(rows_at_once, count - start), total, generator=generator)
        parts.append(drawn.argsort(dim=1)[:, :chosen].clone())  # not a view of all that is ordered
    return torch.cat(parts)
