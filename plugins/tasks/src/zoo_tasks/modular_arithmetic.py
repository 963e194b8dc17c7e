"""Modular arithmetic without brackets: the value of an expression such as ``3+4*2-1=``.

Source: Grazzi et al., Unlocking State-Tracking in Linear RNNs Through Negative Eigenvalues (2025,
arXiv 2411.12537), with the set-up of Beck et al., xLSTM (2024): numbers below 5, the signs + - *,
products before sums, ``=`` at the end, training on lengths 3 to 40 and test on 40 to 256. They
count the place of the answer, so that their rows have one symbol fewer than the length says. The
task is one of Delétang et al., Neural Networks and the Chomsky Hierarchy (2023). The set-up is read
in the code of the experiments, the text of the papers is not.
"""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_core import Classes, Vocabulary
from zoo_core.runtime.nn import IGNORED
from zoo_tasks.configs import ModularArithmeticConfig
from zoo_tasks.dataset import AbstractTokenTask
from zoo_tasks.rows import TaskRows, token_rows

SIGNS = ("+", "-", "*", "=")
PLUS, MINUS, TIMES, EQUALS = range(len(SIGNS))


@final
class ModularArithmeticDataset(AbstractTokenTask):
    """Expressions of numbers and signs, each equally likely, and their value modulo m.

    A network needs the sum of the finished terms and the value of the term that it reads, with its
    sign: m² states.

    Args:
        config: Settings of the dataset.
        vocabulary: Vocabulary of a checkpoint, or None for that of the numbers and signs.
    """

    def __init__(self, config: ModularArithmeticConfig, vocabulary: Vocabulary | None) -> None:
        numbers = tuple(map(str, range(config.modulus)))
        outputs = Classes(config.modulus, per=config.per, names=numbers)
        symbols = (*numbers, *SIGNS)
        super().__init__("modular-arithmetic", config, vocabulary, symbols=symbols, outputs=outputs)
        self.config = config

    def draw(self, count: int, generator: torch.Generator, *, is_test: bool) -> TaskRows:
        """Returns expressions; every even length is equally likely."""
        config = self.config
        shortest = config.test_min_length if is_test else config.min_length
        longest = config.test_max_length if is_test else config.max_length
        fewest, most = max(2, (shortest + 1) // 2), longest // 2
        terms = torch.randint(fewest, most + 1, (count,), generator=generator)
        numbers = torch.randint(config.modulus, (count, most), generator=generator)
        signs = torch.randint(EQUALS, (count, most), generator=generator)
        values = expression_values(numbers, signs, config.modulus)
        signs.scatter_(1, terms[:, None] - 1, EQUALS)
        rows = torch.stack([numbers, signs + config.modulus], dim=2).flatten(1)
        whole = values.gather(1, terms[:, None] - 1)
        if config.per == "sequence":
            return token_rows(rows, whole[:, 0], 2 * terms)
        labels = torch.stack([values, torch.full_like(values, IGNORED)], dim=2).flatten(1)
        labels.scatter_(1, 2 * terms[:, None] - 1, whole)
        return token_rows(rows, labels, 2 * terms)


def expression_values(numbers: Tensor, signs: Tensor, modulus: int) -> Tensor:
    """Returns the values of the expressions up to each number, (N, K).

    Args:
        numbers: (N, K).
        signs: The sign after each number, (N, K); the last one does not count.
        modulus: m.
    """
    total = torch.zeros_like(numbers[:, 0])  # of the finished terms
    term = numbers[:, 0]
    values = [term % modulus]
    for number, sign in zip(numbers.T[1:], signs.T, strict=False):
        is_product = sign == TIMES
        signed = torch.where(sign == MINUS, -number, number)
        total = torch.where(is_product, total, total + term)
        term = torch.where(is_product, term * number, signed) % modulus
        values.append((total + term) % modulus)
    return torch.stack(values, dim=1)
