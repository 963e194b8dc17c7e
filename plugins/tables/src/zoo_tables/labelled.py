"""Texts with labels, from the columns of a table."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import final

import torch

from zoo_core import Classes, Signature, Tokens, Unknown, Vocabulary
from zoo_core.data.tables import Table, listed, listed_lines, read_table
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.escaping import quoted
from zoo_core.runtime.datasets.dataset import encode_text
from zoo_core.runtime.datasets.ragged_rows import RaggedRows
from zoo_core.runtime.datasets.splits import check_split_not_empty
from zoo_core.runtime.datasets.stratified import stratified_splits
from zoo_core.runtime.nn import Batch, Output
from zoo_tables.configs import AbstractTextRowsConfig, LabelledConfig, RequestsConfig
from zoo_tables.rows import prepared
from zoo_tables.samples import REQUESTS
from zoo_tables.text_rows import AbstractTextRows, table_reader

MANY_LABELS = 50
"""Labels from which a column with hardly any rows per label is suspected to hold no labels."""

logger = logging.getLogger("zoo_core.tables")


@final
class LabelledDataset(AbstractTextRows):
    """Texts, each with one of several labels, padded at the end.

    Every label has the same fraction of its texts in each split, as far as whole texts allow. A
    text that occurs more than once is in one split.

    Args:
        config: Settings of the dataset.
        vocabulary: Vocabulary of a checkpoint, or None for the sorted symbols of the texts.
        read: Reads the table.
        text_column: The column of the texts.
        label_column: The column of the labels.
        name: Name of the dataset in errors.
    """

    def __init__(
        self,
        config: AbstractTextRowsConfig,
        vocabulary: Vocabulary | None,
        *,
        read: Callable[[Path | None], Table],
        text_column: str,
        label_column: str,
        name: str,
    ) -> None:
        columns = {"text": text_column, "label": label_column}
        super().__init__(config, vocabulary, read=read, columns=columns, name=name)
        self._checkpoint_names: tuple[str, ...] = ()

    def adopt(self, signature: Signature) -> None:
        """Takes over the names of the labels."""
        self._checkpoint_names = signature.outputs.names

    def _prepare_answer(self, answer: str) -> str:
        return answer.strip()

    @cached_property
    def label_names(self) -> tuple[str, ...]:
        """The labels in the order of their numbers; sorted, as numbers if all of them are.

        Raises:
            DataError: There is one label only.
        """
        if self._checkpoint_names:
            return self._checkpoint_names
        names = set(self.content.answers)
        if len(names) < 2:
            column = quoted(self._columns["label"])
            raise DataError(
                f"{self.name}: all rows have the label {quoted(min(names))} in the column "
                f"{column}; a classifier needs two at least"
            )
        if len(names) > MANY_LABELS and 2 * len(names) > len(self.content.answers):
            logger.warning(
                "%s: %d different labels in %d rows; is --dataset.label-column %s right?",
                self.name,
                len(names),
                len(self.content.answers),
                self._columns["label"],
            )
        return tuple(sorted(names, key=_as_number))

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The symbols of the texts."""
        if self._checkpoint_vocabulary is not None:
            return self._checkpoint_vocabulary
        return self.learn()

    @property
    def signature(self) -> Signature:
        """Tokens, with the label of the whole text."""
        names = self.label_names
        return Signature(
            inputs=Tokens(len(self.vocabulary)),
            outputs=Classes(len(names), per="sequence", names=names),
            vocabulary=self.vocabulary,
        )

    @cached_property
    def split_rows(self) -> dict[str, list[int]]:
        """The numbers of the rows of each split."""
        return stratified_splits(self.content.inputs, self.content.answers, self.fractions)

    def texts_of(self, row: int) -> tuple[str, ...]:
        """Returns the text of a row."""
        return (self.content.inputs[row],)

    @cached_property
    def _label_ids(self) -> list[int]:
        """The number of each row's label.

        Raises:
            DataError: The checkpoint does not know a label.
        """
        ids = {name: number for number, name in enumerate(self.label_names)}
        if unknown := Counter(label for label in self.content.answers if label not in ids):
            raise DataError(self._unknown_labels_message(unknown))
        return [ids[label] for label in self.content.answers]

    def rows(self, split: str) -> RaggedRows:
        """Returns the texts of a split and the numbers of their labels.

        Raises:
            DataError: The split is empty, there is no such split, or a label or symbol is unknown.
        """
        self.split_slice(0, split)  # checks the name
        chosen, labels = self.split_rows[split], self._label_ids
        count, distinct = len(self.content.inputs), len(set(self.content.inputs))
        if not chosen and distinct <= count / 2:
            raise DataError(
                f"{self.name}: split {split} is empty: equal texts are in one split, and the "
                f"{count} rows have {distinct} different texts; add rows, or choose another column"
            )
        check_split_not_empty(len(chosen), split, self.name)
        vocabulary = self.vocabulary.for_data
        inputs, targets = [], []
        try:
            for row in chosen:
                # There are none if all of the text is skipped.
                symbols = self.symbols_of(self.content.inputs[row], vocabulary)
                if ids := vocabulary.encode(symbols):
                    inputs.append(torch.tensor(ids))
                    targets.append(torch.tensor(labels[row]))
        except DataError:
            raise self.unknown_error(chosen, vocabulary) from None
        check_split_not_empty(len(inputs), split, self.name)
        return RaggedRows(inputs, targets)

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns the tokens of a text, (1, T)."""
        text, most = prepared(value, self.preparation), self.preparation.max_length
        return encode_text(text, self.vocabulary, unknown, most=most)

    def decode(self, output: Output) -> str:
        """Returns the most likely label."""
        return self.label_names[int(output.logits[0].argmax())]

    def _unknown_labels_message(self, unknown: Counter[str]) -> str:
        described = []
        for label, count in unknown.most_common():
            rows = zip(self.content.answers, self.content.lines, strict=True)
            lines = [line for row_label, line in rows if row_label == label]
            described.append(f"{quoted(label)} ({count}×: {listed_lines(lines[:3])})")
        known = listed([quoted(name) for name in self.label_names])
        return (
            f"{self.name}: labels that the model does not know: {listed(described)}; it knows "
            f"{known}: rename or remove them, or train a model on this data"
        )


def labelled(config: LabelledConfig, vocabulary: Vocabulary | None) -> LabelledDataset:
    """Returns the texts and labels of a file."""
    return LabelledDataset(
        config,
        vocabulary,
        read=table_reader(config),
        text_column=config.text_column,
        label_column=config.label_column,
        name=str(config.path),
    )


def requests(config: RequestsConfig, vocabulary: Vocabulary | None) -> LabelledDataset:
    """Returns the sample of labelled texts that comes with the plugin."""
    return LabelledDataset(
        config,
        vocabulary,
        read=lambda path: read_table(path or REQUESTS),
        text_column="text",
        label_column="label",
        name="requests",
    )


def _as_number(label: str) -> tuple[float, str]:
    """Returns a key that sorts labels by their number, those without one last and as text."""
    try:
        number = float(label)
    except ValueError:
        number = math.nan
    return (math.inf if math.isnan(number) else number), label


def sample_settings() -> dict[str, str]:
    """Returns the settings for the sample that comes with the plugin."""
    return {"path": str(REQUESTS)}
