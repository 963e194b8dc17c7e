"""Where a model looks in a source while it writes the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import torch

from zoo_core.data.signature import Signature
from zoo_core.data.vocabulary import REFUSE, Unknown, Vocabulary
from zoo_core.errors import MisfitError
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.datasets.translator import AbstractTranslator
from zoo_core.runtime.inspection.inspection import DIGITS
from zoo_core.runtime.inspection.text import symbol_text
from zoo_core.runtime.nn.attention import AbstractAttention
from zoo_core.runtime.nn.model import AbstractModel

SOURCE = "source"
"""The name of the further input that is attended to."""


@final
@dataclass(frozen=True)
class AttentionMap:
    """The attention of a model while it writes a target.

    Args:
        model: The name of the model.
        source: The S symbols of the source.
        target: The T symbols that the model wrote, with the one that ends them.
        weights: The weight of each symbol of the source (S) at each symbol of the target (T), from
            0 to 1; those of a symbol of the target add up to 1.
    """

    model: str
    source: tuple[str, ...]
    target: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """Returns everything as JSON values; weights are rounded to four places."""
        return {
            "model": self.model,
            "source": list(self.source),
            "target": list(self.target),
            "attention": [[round(weight, DIGITS) for weight in row] for row in self.weights],
        }


@torch.no_grad()
def inspect_attention(
    model: AbstractModel,
    dataset: AbstractDataset,
    text: str,
    *,
    name: str,
    unknown: Unknown = REFUSE,
) -> AttentionMap:
    """Returns where a model looks while it writes the best target for a source.

    Args:
        model: The model, in evaluation mode.
        dataset: Its dataset, which finds the target.
        text: The source.
        name: The name of the model.
        unknown: What to do with symbols that the vocabulary lacks.

    Raises:
        DataError: The text is empty or has symbols that the vocabulary lacks.
        MisfitError: The model has no attention.
    """
    if not isinstance(model, AbstractAttention) or not isinstance(dataset, AbstractTranslator):
        raise MisfitError(f"{name} has no attention; leave out --attention")
    batch = dataset.encode(text, unknown)
    (ids,) = dataset.translate(model, batch)
    start = batch.inputs[:, :1]
    inputs = torch.cat([start, start.new_tensor([ids[:-1]], dtype=start.dtype)], dim=1)
    weights = model.attention(batch._replace(inputs=inputs))
    if weights is None:
        raise MisfitError(
            f"{name} was trained without attention; train one with --model.attention additive"
        )
    assert batch.context is not None, "a batch of a translator has sources"
    source, target = _vocabularies(model.signature)
    return AttentionMap(
        name,
        tuple(_symbol(source, number) for number in batch.context[SOURCE][0].tolist()),
        tuple(_symbol(target, number) for number in ids),
        tuple(tuple(row) for row in weights[0].tolist()),
    )


def _vocabularies(signature: Signature) -> tuple[Vocabulary, Vocabulary]:
    vocabulary = signature.vocabulary
    assert vocabulary is not None, "what a translator writes has a vocabulary"
    return signature.vocabularies.get(SOURCE, vocabulary), vocabulary


def _symbol(vocabulary: Vocabulary, number: int) -> str:
    """Returns a symbol without the blank before it, unless it is nothing else."""
    text = symbol_text(vocabulary, number)
    return text.strip() or text
