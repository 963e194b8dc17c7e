"""Vocabularies that are learned from texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from zoo_core.configs.tokens import AbstractTokensConfig
from zoo_core.data.text import decode_text
from zoo_core.data.tokenizer import BUILT_IN, BYTES, UNKNOWN_WORD
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import ConfigError, DataError
from zoo_core.plugins.tokenizers import read_tokenizer, train_tokenizer
from zoo_core.runtime.datasets.word_counts import frequent_words


def learn_vocabulary(
    config: AbstractTokensConfig,
    characters: Callable[[], Iterable[str]],
    training: Callable[[], Iterator[str]],
    special: tuple[str, ...] = (),
) -> Vocabulary:
    """Returns the vocabulary of a text.

    Args:
        config: Names the tokens and bounds their number.
        characters: Returns the characters of the whole text.
        training: Returns the training part of the text in pieces. Nothing but the characters is
            learned from the other parts.
        special: Symbols that precede the characters.

    Raises:
        ConfigError: No word is frequent enough.
        DataError: A file of a tokenizer cannot be read.
        PluginError: The tokens need a plugin that is missing.
    """
    tokens = config.tokens
    if tokens == "char":
        return Vocabulary((*special, *Vocabulary.of(characters()).symbols))
    if tokens == "byte":
        return Vocabulary(BYTES, tokenizer=BUILT_IN["byte"])
    if tokens == "word":
        return _learn_words(training(), config.vocabulary_size, config.min_count)
    if tokens.endswith(".json"):
        return _read_tokenizer(Path(tokens).expanduser())
    return train_tokenizer(tokens, training(), config.vocabulary_size, config.min_count)


def _learn_words(texts: Iterable[str], size: int | None, min_count: int) -> Vocabulary:
    """Returns the most frequent words, after the symbol for all others; ties are sorted.

    Raises:
        ConfigError: No word is frequent enough, so that a model would have nothing to learn.
    """
    tokenizer = BUILT_IN["word"]
    most = None if size is None else size - 1
    words = frequent_words(map(tokenizer.split, texts), most, min_count)
    if not words:
        raise ConfigError(
            f"min_count = {min_count} leaves no word of the training part known: choose a smaller "
            "--dataset.min-count"
        )
    return Vocabulary((UNKNOWN_WORD, *words), tokenizer=tokenizer)


def _read_tokenizer(path: Path) -> Vocabulary:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; see --dataset.tokens") from None
    try:
        return read_tokenizer("bpe", decode_text(data, str(path)))
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
