"""Dyck words: at every step of a row of nested brackets, which closing bracket may come next.

Sources: Suzgun, Gehrmann, Belinkov & Shieber, LSTM Networks Can Perform Dynamic Counting (2019,
arXiv 1906.03648): words of 2 to 50 brackets for training, and of 52 to 100 beyond; and Hewitt et
al., RNNs Can Generate Bounded Hierarchical Languages with Optimal Memory (2020, arXiv 2010.07515),
for the bound of the depth. The abstracts were read; lengths and task are from memory. Suzgun et al.
mark every symbol that may follow. An opening bracket always may, so that here the rest is asked
for: the one closing bracket, or the end. Their words come from a grammar; here every word of a
length is equally likely.
"""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_core import Classes, Vocabulary
from zoo_tasks.configs import DyckConfig
from zoo_tasks.dataset import AbstractTokenTask
from zoo_tasks.rows import TaskRows, token_rows

OPENING, CLOSING = "([{<", ")]}>"
END = "end"
"""The class of a step at which no bracket is open."""


@final
class DyckDataset(AbstractTokenTask):
    """Words of nested brackets, and for every step the bracket that closes the innermost open one.

    With one kind a counter is enough; with more a network needs a stack.

    Args:
        config: Settings of the dataset.
        vocabulary: Vocabulary of a checkpoint, or None for that of the brackets.
    """

    def __init__(self, config: DyckConfig, vocabulary: Vocabulary | None) -> None:
        names = (*CLOSING[: config.kinds], END)
        super().__init__(
            "dyck",
            config,
            vocabulary,
            symbols=(*OPENING[: config.kinds], *CLOSING[: config.kinds]),
            outputs=Classes(len(names), per="step", names=names),
        )
        self.config = config

    def draw(self, count: int, generator: torch.Generator, *, is_test: bool) -> TaskRows:
        """Returns words; every even length is equally likely, and so is every word of a length."""
        config, kinds = self.config, self.config.kinds
        shortest = config.test_min_length if is_test else config.min_length
        longest = config.test_max_length if is_test else config.max_length
        fewest, most = (shortest + 1) // 2, longest // 2
        lengths = 2 * torch.randint(fewest, most + 1, (count,), generator=generator)
        odds = opening_odds(2 * most, min(config.depth or most, most))
        chances = torch.rand(count, 2 * most, generator=generator, dtype=torch.float64)
        drawn = torch.randint(kinds, (count, 2 * most), generator=generator)
        rows = torch.arange(count)
        stack = torch.full((count, most + 2), kinds)  # the kinds of open brackets above the end
        height = torch.zeros(count, dtype=torch.int64)
        tokens, labels = [], []
        for step in range(2 * most):
            left = (lengths - step).clamp(min=0)
            opens = chances[:, step] < odds[left, height]
            closed = stack[rows, height]
            height = (height + torch.where(opens, 1, -1)).clamp(min=0)  # below 0 in padding alone
            stack[rows, height] = torch.where(opens, drawn[:, step], stack[rows, height])
            tokens.append(
                torch.where(opens, drawn[:, step], (kinds + closed).clamp(max=2 * kinds - 1))
            )
            labels.append(stack[rows, height])
        return token_rows(torch.stack(tokens, dim=1), torch.stack(labels, dim=1), lengths)


def opening_odds(steps: int, depth: int) -> Tensor:
    """Returns the probability that the next bracket opens, so that all words are equally likely.

    It is the share of the ways to end at height 0 that begin with an opening bracket, of which
    there are w(r, h) = w(r - 1, h - 1) + w(r - 1, h + 1) in r steps from height h. They are divided
    by a power of two at every step, which keeps the largest one in range and rounds nothing.

    Args:
        steps: The most steps that are left.
        depth: The greatest height.

    Returns:
        Probabilities (steps + 1, depth + 2), by the steps that are left and the height; 0 where no
        way ends at 0.
    """
    ways = torch.zeros(depth + 2, dtype=torch.float64)
    ways[0] = 1.0
    odds = [torch.zeros_like(ways)]
    for _ in range(steps):
        after_opening = torch.cat([ways[1:], torch.zeros(1, dtype=torch.float64)])
        after_closing = torch.cat([torch.zeros(1, dtype=torch.float64), ways[:-1]])
        after_closing[depth + 1 :] = 0.0
        total = after_opening + after_closing
        odds.append(torch.where(total > 0, after_opening / total, 0.0))
        ways = torch.ldexp(total, -torch.frexp(total.max()).exponent)
    return torch.stack(odds)
