"""Pairs of sequences: a source, and the target that a model learns to write for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import takewhile
from typing import NamedTuple, final

import torch
from torch import Tensor

from zoo_core import Classes, Signature, Tokens, Unknown, Vocabulary
from zoo_core.data.text import decode_file
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.datasets.splits import (
    check_split,
    check_split_fractions,
    check_split_not_empty,
    split_names,
)
from zoo_core.runtime.datasets.stratified import stratified_splits
from zoo_core.runtime.datasets.translator import AbstractTranslator
from zoo_core.runtime.generation.beam_search import beam_search
from zoo_core.runtime.nn import AbstractModel, Batch, Output
from zoo_core.storage.hashes import sha256_of_fields
from zoo_seq2seq.configs import (
    AbstractPairsConfig,
    AbstractPairsFileConfig,
    FraEngConfig,
    NumberWordsConfig,
    SumsConfig,
    TranslationPairsConfig,
)
from zoo_seq2seq.encoder import SOURCE
from zoo_seq2seq.number_words import number_pairs
from zoo_seq2seq.pairs_file import read_pairs
from zoo_seq2seq.rows import PairRows
from zoo_seq2seq.symbols import BOS, EOS, Symbols, learn_vocabulary, special_id, text_of


@final
class Pair(NamedTuple):
    """A source and its target as texts."""

    source: str
    target: str


@final
class PairsDataset(AbstractDataset, AbstractTranslator):
    """Sources and targets, which a model learns to write symbol by symbol.

    The inputs are the target one step later, after ``<bos>``; the labels are the target and
    ``<eos>``. The source, with ``<eos>`` behind it, is the further input ``source``. Each side has
    a vocabulary of its own. Pairs are split at random, once for all; equal sources are in one
    split.

    Args:
        config: Settings of the dataset.
        vocabulary: The vocabulary of the targets of a checkpoint, or None for that of the pairs.
        name: Name of the dataset in errors.
        read: Returns the pairs.
        symbols: How texts become symbols.
        example: The number of the pair whose source is the example.

    Raises:
        DataError: The fractions leave nothing to train on.
    """

    def __init__(
        self,
        config: AbstractPairsConfig,
        vocabulary: Vocabulary | None,
        *,
        name: str,
        read: Callable[[], list[Pair]],
        symbols: Symbols,
        example: int = 0,
    ) -> None:
        check_split_fractions(config, name)
        self.config, self.name, self.symbols = config, name, symbols
        self._read, self._example = read, example
        self._target_vocabulary = vocabulary
        self._source_vocabulary: Vocabulary | None = None
        self._kept: dict[str, PairRows] = {}

    def adopt(self, signature: Signature) -> None:
        """Takes over the vocabulary of the sources."""
        self._source_vocabulary = signature.vocabularies.get(SOURCE)

    @cached_property
    def pairs(self) -> list[Pair]:
        """All pairs.

        Raises:
            DataError: They cannot be read.
        """
        return self._read()

    @cached_property
    def split_rows(self) -> dict[str, list[int]]:
        """The numbers of the pairs of each split."""
        sources = [pair.source for pair in self.pairs]
        return stratified_splits(sources, [""] * len(sources), self.config)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The symbols of the targets."""
        if self._target_vocabulary is not None:
            return self._target_vocabulary
        return self._learned(lambda pair: pair.target)

    @cached_property
    def source_vocabulary(self) -> Vocabulary:
        """The symbols of the sources."""
        if self._source_vocabulary is not None:
            return self._source_vocabulary
        try:
            return self._learned(lambda pair: pair.source)
        except DataError:
            if self._target_vocabulary is None:
                raise
            return self._target_vocabulary  # stands in for it where the data is not there

    def _learned(self, text: Callable[[Pair], str]) -> Vocabulary:
        """Returns the vocabulary of one side: words of train, or characters of all pairs."""
        every = range(len(self.pairs))
        rows = every if self.symbols.tokens == "char" else self.split_rows["train"]
        texts = (self.symbols.split(text(self.pairs[row])) for row in rows)
        return learn_vocabulary(texts, self.symbols.tokens, self.symbols.min_count)

    @property
    def signature(self) -> Signature:
        """Tokens of the target, the next one as the label of every step, and tokens of a source."""
        size = len(self.vocabulary)
        return Signature(
            inputs=Tokens(size),
            outputs=Classes(size, per="step", next_token=True),
            vocabulary=self.vocabulary,
            context={SOURCE: Tokens(len(self.source_vocabulary))},
            vocabularies={SOURCE: self.source_vocabulary},
        )

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of all pairs as they are read."""
        return sha256_of_fields(
            "".join(self.symbols.split(text)).encode("utf-8", "surrogatepass")
            for pair in self.pairs
            for text in pair
        )

    @property
    def splits(self) -> tuple[str, ...]:
        """``train`` and the splits whose fraction is not zero."""
        return split_names(self.config)

    @property
    def example(self) -> str:
        """The source of a pair."""
        return self.pairs[self._example].source

    def rows(self, split: str) -> PairRows:
        """Returns the pairs of a split as ids, which are kept.

        Raises:
            DataError: The split is empty, there is no such split, or a symbol is unknown.
        """
        check_split(split, self.splits, self.name)
        if split not in self._kept:
            chosen = self.split_rows[split]
            check_split_not_empty(len(chosen), split, self.name)
            sources, targets = self.source_vocabulary, self.vocabulary
            self._kept[split] = PairRows(
                [self._ids(self._source(self.pairs[row].source), sources) for row in chosen],
                [self._ids(self.symbols.split(self.pairs[row].target), targets) for row in chosen],
                special_id(targets, BOS),
            )
        return self._kept[split]

    def _source(self, text: str) -> list[str]:
        return self.symbols.split_source(text, is_reversed=self.config.reverse_source)

    def _ids(self, symbols: list[str], vocabulary: Vocabulary) -> Tensor:
        """Returns the symbols of a text of the data and its end as ids, (T,).

        Raises:
            DataError: A symbol is unknown.
        """
        ids = vocabulary.for_data.encode(symbols)
        return torch.tensor(self.symbols.ended(ids, special_id(vocabulary, EOS)))

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """Returns the number of batches of an epoch.

        Raises:
            DataError: The split is empty, or there is no such split.
        """
        return -(-len(self.rows(split).sources) // size)

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Returns the batches of an epoch, shuffled in training."""
        return self.rows(split).batches(size, seed, epoch, start)

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns a source as a batch of one, (1, S), and the beginning of its target, (1, 1).

        Raises:
            DataError: The source is empty, or has symbols that the vocabulary lacks.
        """
        vocabulary = self.source_vocabulary
        ids = vocabulary.encode(self._source(value), unknown)
        if not ids:
            raise DataError("an empty input; give at least one symbol")
        source = self.symbols.ended(ids, special_id(vocabulary, EOS))
        begin = special_id(self.vocabulary, BOS)
        return Batch(torch.tensor([[begin]]), context={SOURCE: torch.tensor([source])})

    def decode(self, output: Output) -> str:
        """Returns the likeliest symbol of every step up to ``<eos>``."""
        return self._text(output.logits[0].argmax(dim=-1).tolist())

    def translate(self, model: AbstractModel, batch: Batch) -> list[list[int]]:
        """Returns the best target that beam search finds for each row, as ids with its end."""
        end = special_id(self.vocabulary, EOS)
        found = beam_search(
            model,
            batch._replace(inputs=batch.inputs[:, :1], targets=None, lengths=None),
            beam=self.config.beam,
            end=end,
            max_length=self.config.answer_length,
            length_penalty=self.config.length_penalty,
        )
        best = [hypotheses[0] for hypotheses in found]
        return [[*one.ids, end] if one.ended else [*one.ids] for one in best]

    def answer(self, model: AbstractModel, batch: Batch) -> str:
        """Returns the best target that beam search finds for a source."""
        (ids,) = self.translate(model, batch)
        return self._text(ids)

    def _text(self, ids: list[int]) -> str:
        """Returns the text of ids up to ``<eos>``."""
        end = special_id(self.vocabulary, EOS)
        before = list(takewhile(lambda symbol: symbol != end, ids))
        return text_of(before, self.vocabulary)


def number_words(config: NumberWordsConfig, vocabulary: Vocabulary | None) -> PairsDataset:
    """Returns the numbers from 1 on in English and in French; zero would be a word of one alone."""
    return PairsDataset(
        config,
        vocabulary,
        name="number-words",
        read=lambda: [Pair(*pair) for pair in number_pairs(config.largest)],
        symbols=Symbols(),
        example=min(4280, config.largest - 1),
    )


def sums(config: SumsConfig, vocabulary: Vocabulary | None) -> PairsDataset:
    """Returns the sums of the dataset ``addition``, in its order."""
    return PairsDataset(
        config,
        vocabulary,
        name="sums",
        read=lambda: _drawn_sums(config),
        symbols=Symbols(tokens="char"),
    )


def _drawn_sums(config: SumsConfig) -> list[Pair]:
    from zoo_text.addition import AdditionDataset
    from zoo_text.configs import AdditionConfig

    settings = {key: getattr(config, key) for key in ("digits", "examples", "seed")}
    return [Pair(*pair) for pair in AdditionDataset(AdditionConfig(**settings), None).sums]


def translation_pairs(
    config: TranslationPairsConfig, vocabulary: Vocabulary | None
) -> PairsDataset:
    """Returns the pairs of a file."""
    return _from_file(config, vocabulary, str(config.path), config.path.read_bytes)


def fra_eng(config: FraEngConfig, vocabulary: Vocabulary | None) -> PairsDataset:
    """Returns the first pairs of ``fra.txt``."""

    def read() -> bytes:
        if config.path is None:
            raise DataError(
                "fra-eng: the file is not downloaded; take fra.txt out of fra-eng.zip of Dive into "
                "Deep Learning (http://d2l-data.s3-accelerate.amazonaws.com/fra-eng.zip) and give "
                "--dataset.path fra.txt"
            )
        return config.path.read_bytes()

    return _from_file(config, vocabulary, str(config.path or "fra-eng"), read)


def _from_file(
    config: AbstractPairsFileConfig,
    vocabulary: Vocabulary | None,
    name: str,
    read: Callable[[], bytes],
) -> PairsDataset:
    """Returns the pairs of a file, of which ``read`` returns the bytes."""

    def pairs() -> list[Pair]:
        try:
            data = read()
        except OSError as error:
            raise DataError(f"cannot read {name}: {error.strerror}") from None
        text = decode_file(data, name, config.encoding)
        return [Pair(*pair) for pair in read_pairs(text, name, config.examples)]

    return PairsDataset(
        config,
        vocabulary,
        name=name,
        read=pairs,
        symbols=Symbols(
            tokens=config.tokens,
            lowercase=config.lowercase,
            split_punctuation=config.split_punctuation,
            min_count=config.min_count,
            max_length=config.max_length,
        ),
    )
