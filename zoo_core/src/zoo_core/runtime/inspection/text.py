"""Text as the symbols that a model reads, and the names of what it predicts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple, final

import torch

from zoo_core.data.signature import Classes, Signature, Tokens
from zoo_core.data.tokenizer import CHARACTERS
from zoo_core.data.vocabulary import Unknown, Vocabulary
from zoo_core.errors import DataError, MisfitError
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.nn.batch import Output

SKIP = Unknown("skip")


@final
class Piece(NamedTuple):
    """A symbol of a text.

    Args:
        text: The symbol.
        token: Its id; None if the model does not know it.
    """

    text: str
    token: int | None


def split_text(dataset: AbstractDataset, signature: Signature, text: str) -> list[Piece]:
    """Returns the symbols of a text, with those that the model does not know.

    Without the unknown ones they are what ``dataset.encode`` gives. Of a dataset that changes the
    text in a way that cannot be followed, only the symbols that it makes of it are returned.

    Args:
        dataset: The dataset of the checkpoint.
        signature: The inputs of the model.
        text: The text.

    Raises:
        DataError: The text is empty, or has no symbol that the model knows.
        MisfitError: The model does not read text.
    """
    vocabulary = signature.vocabulary
    if not isinstance(signature.inputs, Tokens) or vocabulary is None:
        raise MisfitError(f"the model reads {signature.inputs.kind}, and no text can be shown")
    if not text:
        raise DataError("an empty text; give at least one symbol")
    try:
        tokens = dataset.encode(text, SKIP).inputs[0].tolist()
    except DataError:
        raise DataError("the text has no symbol that the model knows; give another") from None
    for pieces in _candidates(dataset, vocabulary, text):
        if [piece.token for piece in pieces if piece.token is not None] == tokens:
            return pieces
    return [Piece(symbol_text(vocabulary, token), token) for token in tokens]


def _candidates(
    dataset: AbstractDataset, vocabulary: Vocabulary, text: str
) -> Iterator[list[Piece]]:
    """Yields the ways in which a dataset may have cut a text."""
    if vocabulary.tokenizer == CHARACTERS:
        encode = cache(lambda symbol: _encode_alone(dataset, symbol))
        yield [Piece(symbol, encode(symbol)) for symbol in text]
        return
    for form in (text, text.lower()):
        symbols = vocabulary.tokenizer.split(form)
        pieces = [
            Piece(_text_of(vocabulary, symbol), vocabulary.ids.get(symbol)) for symbol in symbols
        ]
        yield pieces
        # the first word may be known only with a blank before it
        first = vocabulary.ids.get(f" {symbols[0]}")
        yield [pieces[0]._replace(token=first), *pieces[1:]]


def _encode_alone(dataset: AbstractDataset, symbol: str) -> int | None:
    try:
        (token,) = dataset.encode(symbol).inputs[0].tolist()
    except (DataError, ValueError):  # unknown, or not one symbol
        return None
    return int(token)


def symbol_text(vocabulary: Vocabulary, token: int) -> str:
    """Returns the text that a symbol stands for; its name if that is no text of its own."""
    return _text_of(vocabulary, vocabulary.symbols[token])


def _text_of(vocabulary: Vocabulary, symbol: str) -> str:
    try:
        return vocabulary.tokenizer.bytes_of(symbol).decode("utf-8", "surrogatepass")
    except (KeyError, UnicodeDecodeError):  # a special symbol, or a part of a character
        return symbol


def guess_name(dataset: AbstractDataset, signature: Signature, number: int) -> str:
    """Returns the name of a class or key: a symbol, or a label in the words of the dataset."""
    outputs = signature.outputs
    if outputs.names:
        return outputs.names[number]
    if not isinstance(outputs, Classes):
        return str(number)
    if outputs.next_token and signature.vocabulary is not None:
        return symbol_text(signature.vocabulary, number)
    one_hot = torch.zeros(1, outputs.size)
    one_hot[0, number] = 1
    return dataset.decode(Output(one_hot[None] if outputs.per == "step" else one_hot, None))
