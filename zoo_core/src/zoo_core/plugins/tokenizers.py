"""Finding the plugin of a tokenizer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from zoo_core.data.tokenizer import StoredTokenizer
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import IntegrityError, NotFoundError, PluginError
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import TokenizerSpec


def train_tokenizer(
    kind: str, texts: Iterable[str], size: int | None, min_count: int
) -> Vocabulary:
    """Returns the vocabulary that a plugin's tokenizer learns.

    Args:
        kind: Name of the tokenizer.
        texts: The text to learn from, in pieces.
        size: The most symbols; None for the tokenizer's default.
        min_count: How often what becomes a symbol occurs at least.

    Raises:
        PluginError: No plugin has the tokenizer.
    """
    vocabulary: Vocabulary = resolve(_spec(kind, load_catalog()).train)(texts, size, min_count)
    return vocabulary


def read_tokenizer(kind: str, content: str) -> Vocabulary:
    """Returns the vocabulary of a tokenizer's JSON text.

    Raises:
        DataError: The text is not that of such a tokenizer.
        PluginError: No plugin has the tokenizer.
    """
    vocabulary: Vocabulary = resolve(_spec(kind, load_catalog()).load)(content)
    return vocabulary


def with_tokenizer(vocabulary: Vocabulary | None, catalog: Catalog) -> Vocabulary | None:
    """Returns a vocabulary with its tokenizer read by its plugin, if it needs one.

    Where the plugin is missing, the tokenizer says so when it is used.

    Raises:
        IntegrityError: The vocabulary has other symbols than the tokenizer.
    """
    if vocabulary is None or not isinstance(vocabulary.tokenizer, StoredTokenizer):
        return vocabulary
    stored = vocabulary.tokenizer
    try:
        spec = _spec(stored.kind, catalog)
    except PluginError as error:
        return replace(vocabulary, tokenizer=replace(stored, reason=str(error)))
    read: Vocabulary = resolve(spec.load)(stored.content)
    special = len(vocabulary) - len(read)  # symbols of a dataset, before those of the tokenizer
    if vocabulary.symbols[max(special, 0) :] != read.symbols:
        raise IntegrityError(f"the vocabulary has other symbols than its tokenizer {stored.kind!r}")
    return replace(vocabulary, tokenizer=read.tokenizer)


def _spec(kind: str, catalog: Catalog) -> TokenizerSpec:
    try:
        return catalog.find(TokenizerSpec, kind).spec
    except NotFoundError:
        remedy = catalog.where_to_get(kind) or "see: zoo plugins search tokenizer"
        raise PluginError(f"tokens {kind!r} need a plugin: {remedy}") from None
