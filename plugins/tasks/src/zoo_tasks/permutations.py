"""Permutations: the product of a row of permutations, the word problem of a group.

Source: Merrill, Petty & Sabharwal, The Illusion of State in State-Space Models (2024, arXiv
2404.08819): every element of the group is a symbol, and every step asks for the product so far.
The set-up is read in the code of the experiments and of those who followed it, the text of the
paper is not. The lengths are the zoo's own.
"""

from __future__ import annotations

from itertools import permutations
from typing import final

import torch
from torch import Tensor

from zoo_core import Classes, Vocabulary
from zoo_tasks.configs import PermutationsConfig
from zoo_tasks.dataset import AbstractTokenTask
from zoo_tasks.rows import TaskRows, token_rows


@final
class PermutationsDataset(AbstractTokenTask):
    """Rows of permutations, each equally likely, and their product p_1 ∘ p_2 ∘ ... ∘ p_t.

    A permutation p is written as p(0) p(1) ... p(n - 1), and (p ∘ q)(i) = p(q(i)). The order
    matters, so that a diagonal state is not enough. S3 is solvable, S5 is not.

    Args:
        config: Settings of the dataset.
        vocabulary: Vocabulary of a checkpoint, or None for that of the permutations.
    """

    def __init__(self, config: PermutationsConfig, vocabulary: Vocabulary | None) -> None:
        self.elements = tuple(permutations(range(int(config.group[1:]))))
        names = tuple("".join(map(str, element)) for element in self.elements)
        super().__init__(
            "permutations",
            config,
            vocabulary,
            symbols=[f" {name}" for name in names],
            outputs=Classes(len(names), per=config.per, names=names),
        )
        self.config = config

    def draw(self, count: int, generator: torch.Generator, *, is_test: bool) -> TaskRows:
        """Returns rows of permutations; every length is equally likely."""
        config = self.config
        shortest = config.test_min_length if is_test else config.min_length
        longest = config.test_max_length if is_test else config.max_length
        lengths = torch.randint(shortest, longest + 1, (count,), generator=generator)
        tokens = torch.randint(len(self.elements), (count, longest), generator=generator)
        table = multiplication_table(self.elements)
        product = tokens[:, 0]
        products = [product]
        for token in tokens.T[1:]:
            product = table[product, token]
            products.append(product)
        labels = torch.stack(products, dim=1)
        if config.per == "sequence":
            labels = labels.gather(1, lengths[:, None] - 1)[:, 0]
        return token_rows(tokens, labels, lengths)


def multiplication_table(elements: tuple[tuple[int, ...], ...]) -> Tensor:
    """Returns the number of p ∘ q for the numbers of p and q, (E, E)."""
    numbers = {element: number for number, element in enumerate(elements)}
    rows = [[numbers[tuple(p[i] for i in q)] for q in elements] for p in elements]
    return torch.tensor(rows)
