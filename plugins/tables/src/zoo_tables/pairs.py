"""Pairs of texts, to learn the target from the source."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from itertools import islice, takewhile
from pathlib import Path
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import pad

from zoo_core import Classes, Signature, Tokens, Unknown, Vocabulary
from zoo_core.data.tables import Table, read_table
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.ragged_rows import RaggedRows
from zoo_core.runtime.datasets.splits import check_split_not_empty
from zoo_core.runtime.datasets.stratified import stratified_splits
from zoo_core.runtime.datasets.unknown_words import unknown_bytes
from zoo_core.runtime.generation.generate import generate
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.nn import IGNORED, AbstractModel, Batch, Output
from zoo_tables.configs import AbstractPairsConfig, DatesConfig, PairsConfig
from zoo_tables.rows import prepared
from zoo_tables.samples import DATES
from zoo_tables.text_rows import AbstractTextRows, table_reader

TO, END = "<to>", "<end>"
"""The symbols between source and target, and after the target; no text has symbols so long."""


@final
class PairsDataset(AbstractTextRows):
    """Sources and targets, each pair as one sequence: source, ``<to>``, target.

    The labels are the next symbols of the target and then ``<end>``; those of the source are
    ignored. So every model that predicts the next symbol of a text learns to answer a source with
    its target. Pairs are split at random, once for all; equal sources are in one split.

    Args:
        config: Settings of the dataset.
        vocabulary: Vocabulary of a checkpoint, or None for the sorted symbols of the pairs.
        read: Reads the table.
        source_column: The column of the sources.
        target_column: The column of the targets.
        name: Name of the dataset in errors.
    """

    def __init__(
        self,
        config: AbstractPairsConfig,
        vocabulary: Vocabulary | None,
        *,
        read: Callable[[Path | None], Table],
        source_column: str,
        target_column: str,
        name: str,
    ) -> None:
        columns = {"source": source_column, "target": target_column}
        super().__init__(config, vocabulary, read=read, columns=columns, name=name)
        self.config = config

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """``<to>``, ``<end>`` and the symbols of the pairs."""
        if self._checkpoint_vocabulary is not None:
            return self._checkpoint_vocabulary
        return self.learn().with_special((TO, END))

    @property
    def signature(self) -> Signature:
        """Tokens, with the next token as the label of every step."""
        size = len(self.vocabulary)
        outputs = Classes(size, per="step", next_token=True)
        return Signature(inputs=Tokens(size), outputs=outputs, vocabulary=self.vocabulary)

    @cached_property
    def split_rows(self) -> dict[str, list[int]]:
        """The numbers of the rows of each split."""
        sources = self.content.inputs
        return stratified_splits(sources, [""] * len(sources), self.fractions)

    def texts_of(self, row: int) -> tuple[str, str]:
        """Returns the source and the target of a row."""
        return self.content.inputs[row], self.content.answers[row]

    def rows(self, split: str) -> RaggedRows:
        """Returns the pairs of a split as sequences (T,) with the labels of their steps (T,).

        Raises:
            DataError: The split is empty, there is no such split, or a symbol is unknown.
        """
        self.split_slice(0, split)  # checks the name
        chosen, vocabulary = self.split_rows[split], self.vocabulary.for_data
        check_split_not_empty(len(chosen), split, self.name)
        try:
            encoded = [self._pair(row, vocabulary) for row in chosen]
        except DataError:
            raise self.unknown_error(chosen, vocabulary) from None
        inputs, labels, unknown = map(list, zip(*encoded, strict=True))
        has_unknown = vocabulary.tokenizer.unknown in vocabulary.ids
        return RaggedRows(inputs, labels, True, unknown if has_unknown else None)

    def _pair(self, row: int, vocabulary: Vocabulary) -> tuple[Tensor, Tensor, Tensor]:
        """Returns a pair as a sequence (T,), its labels (T,) and the bytes of unknown words (T,).

        Raises:
            DataError: A symbol is unknown.
        """
        source, target = self.texts_of(row)
        question = self._source_ids(source, vocabulary)
        symbols = vocabulary.tokenizer.split(target)[: self.preparation.max_length]
        answer = torch.tensor(vocabulary.encode(symbols), dtype=torch.int64)
        sizes = unknown_bytes(answer, symbols, vocabulary)
        if sizes is None:
            sizes = torch.zeros(len(answer), dtype=torch.int32)
        before, end = len(question) - 1, torch.tensor([vocabulary.ids[END]])
        return (
            torch.cat([torch.tensor(question), answer]),
            torch.cat([torch.full((before,), IGNORED), answer, end]),
            pad(sizes, (before, 1)),
        )

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns the tokens of a source and ``<to>``, (1, T)."""
        source = prepared(value, self.preparation)
        return Batch(torch.tensor([self._source_ids(source, self.vocabulary, unknown)]))

    def decode(self, output: Output) -> str:
        """Returns the likeliest symbol of every step up to ``<end>``."""
        return self._text_before_end(output.logits[0].argmax(dim=-1).tolist())

    def answer(self, model: AbstractModel, batch: Batch) -> str:
        """Returns the target that a model predicts symbol by symbol, always the likeliest."""
        ids = generate(model, batch, Sampler(temperature=0.0))
        return self._text_before_end(islice(ids, self.config.answer_length))

    def _text_before_end(self, ids: Iterable[int]) -> str:
        end = self.vocabulary.ids[END]
        return self.vocabulary.decode(takewhile(lambda symbol: symbol != end, ids))

    def _source_ids(
        self, source: str, vocabulary: Vocabulary, unknown: Unknown | None = None
    ) -> list[int]:
        ids = vocabulary.encode(self.symbols_of(source, vocabulary), unknown)
        return [*ids, vocabulary.ids[TO]]


def pairs(config: PairsConfig, vocabulary: Vocabulary | None) -> PairsDataset:
    """Returns the pairs of a file."""
    return PairsDataset(
        config,
        vocabulary,
        read=table_reader(config),
        source_column=config.source_column,
        target_column=config.target_column,
        name=str(config.path),
    )


def dates(config: DatesConfig, vocabulary: Vocabulary | None) -> PairsDataset:
    """Returns the sample of pairs that comes with the plugin."""
    return PairsDataset(
        config,
        vocabulary,
        read=lambda path: read_table(path or DATES),
        source_column="source",
        target_column="target",
        name="dates",
    )


def sample_settings() -> dict[str, str]:
    """Returns the settings for the sample that comes with the plugin."""
    return {"path": str(DATES)}
