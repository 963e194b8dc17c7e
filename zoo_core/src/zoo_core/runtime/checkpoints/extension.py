"""Extending a trained model by new symbols of its vocabulary."""

from __future__ import annotations

import logging

from torch import Tensor, nn

from zoo_core.data.vocabulary import MAX_LISTED_SYMBOLS, Vocabulary
from zoo_core.errors import MisfitError

logger = logging.getLogger(__name__)


def extend_vocabulary(
    vocabulary: Vocabulary | None, data: Vocabulary | None, source: str
) -> Vocabulary:
    """Returns the vocabulary of a checkpoint with the new symbols of some data at its end.

    Logs how many symbols are new.

    Args:
        vocabulary: The vocabulary of the checkpoint.
        data: The vocabulary of the data alone.
        source: The checkpoint, for errors and messages.

    Raises:
        MisfitError: The checkpoint or the data has no vocabulary, or its tokenizer takes no new
            symbols.
    """
    if vocabulary is None or data is None:
        what = source if vocabulary is None else "the data"
        raise MisfitError(f"--extend-vocabulary: {what} has no vocabulary; leave the option out")
    if vocabulary.tokenizer.content:
        raise MisfitError(
            f"--extend-vocabulary: {source} has tokens {vocabulary.tokenizer.kind}, which take no "
            "new symbols; leave the option out"
        )
    extended = vocabulary.extended(data.symbols)
    new = extended.symbols[len(vocabulary) :]
    listed = ", ".join(repr(symbol) for symbol in new[:MAX_LISTED_SYMBOLS])
    more = f" and {len(new) - MAX_LISTED_SYMBOLS} more" if len(new) > MAX_LISTED_SYMBOLS else ""
    logger.info(
        "%d symbols are new to the vocabulary of %s%s",
        len(new),
        source,
        f": {listed}{more}" if new else "",
    )
    return extended


def extend_weights(
    model: nn.Module, weights: dict[str, Tensor], old_size: int, new_size: int
) -> dict[str, Tensor]:
    """Returns the weights of a checkpoint, enlarged to those of a model with more symbols.

    What belongs to the new symbols has the model's initial values. Every axis whose size differs
    counts symbols: the rows of an embedding, the rows and biases of an output layer, the columns of
    a layer that takes one-hot symbols. Old symbols keep their ids, so their values come first.

    Args:
        model: The model with the new symbols and its initial weights.
        weights: The weights of the checkpoint.
        old_size: The symbols of the checkpoint.
        new_size: The symbols of the model.

    Raises:
        MisfitError: A tensor does not have the size of the vocabulary in some axis that differs.
    """
    extended = dict(weights)
    for name, initial in model.state_dict().items():
        old = weights.get(name)
        if old is None or old.shape == initial.shape:
            continue
        axes = zip(old.shape, initial.shape, strict=False)
        grows = all(sizes == (old_size, new_size) for sizes in axes if sizes[0] != sizes[1])
        if old.dim() != initial.dim() or not grows:
            raise MisfitError(
                f"--extend-vocabulary: {name} is {tuple(old.shape)} and would be "
                f"{tuple(initial.shape)}, which does not grow with the symbols alone; train this "
                "model anew"
            )
        larger = initial.detach().clone()
        larger[tuple(slice(size) for size in old.shape)] = old
        extended[name] = larger
    return extended
