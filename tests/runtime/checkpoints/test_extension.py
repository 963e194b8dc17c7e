"""Extending a trained model by new symbols."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import MisfitError
from zoo_core.runtime.checkpoints.extension import extend_vocabulary, extend_weights


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (nn.Embedding(3, 2), nn.Embedding(5, 2)),  # rows are symbols
        (nn.Linear(2, 3), nn.Linear(2, 5)),  # rows and biases are symbols
        (nn.Linear(3, 2), nn.Linear(5, 2)),  # columns are symbols
        (nn.Linear(3, 3), nn.Linear(5, 5)),
    ],
)
def test_old_values_come_first_and_new_ones_are_initial(old: nn.Module, new: nn.Module) -> None:
    extended = extend_weights(new, old.state_dict(), 3, 5)
    for name, initial in new.state_dict().items():
        before = old.state_dict()[name]
        block = tuple(slice(size) for size in before.shape)
        assert torch.equal(extended[name][block], before)
        is_new = torch.ones_like(initial, dtype=torch.bool)
        is_new[block] = False
        assert torch.equal(extended[name][is_new], initial[is_new])


def test_a_tensor_that_does_not_grow_with_the_symbols_alone_is_refused() -> None:
    with pytest.raises(MisfitError, match=r"weight is \(2, 6\) and would be \(2, 10\)"):
        extend_weights(nn.Linear(10, 2), nn.Linear(6, 2).state_dict(), 3, 5)


@pytest.mark.parametrize(
    ("vocabulary", "data", "what"),
    [(None, Vocabulary.of("ab"), "./run"), (Vocabulary.of("ab"), None, "the data")],
)
def test_data_without_a_vocabulary_cannot_be_extended(
    vocabulary: Vocabulary | None, data: Vocabulary | None, what: str
) -> None:
    with pytest.raises(MisfitError, match=f"{what} has no vocabulary"):
        extend_vocabulary(vocabulary, data, "./run")
