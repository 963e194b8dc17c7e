"""Rows of two texts, from the columns of a table."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from zoo_core import Vocabulary
from zoo_core.data.tables import Table, is_table, read_table
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.dataset import text_symbols
from zoo_core.runtime.datasets.labelled_rows import AbstractLabelledDataset
from zoo_core.runtime.datasets.learned_vocabulary import learn_vocabulary
from zoo_tables.configs import AbstractTableConfig, AbstractTextRowsConfig
from zoo_tables.rows import MAX_EXAMPLE_LENGTH, CompleteRows, complete_rows, hash_of, prepared


class AbstractTextRows(AbstractLabelledDataset):
    """Texts, each with an answer, from two columns of a table.

    Args:
        config: Settings of the dataset.
        vocabulary: Vocabulary of a checkpoint, or None for the symbols of the texts.
        read: Reads the table; of the dataset itself for None.
        columns: The names of the two columns by their noun, such as ``text``.
        name: Name of the dataset in errors.
    """

    def __init__(
        self,
        config: AbstractTextRowsConfig,
        vocabulary: Vocabulary | None,
        *,
        read: Callable[[Path | None], Table],
        columns: Mapping[str, str],
        name: str,
    ) -> None:
        super().__init__(name, config)
        self.preparation, self._read, self._columns = config, read, columns
        self._checkpoint_vocabulary = vocabulary

    @cached_property
    def content(self) -> CompleteRows:
        """The texts and answers of the table, prepared.

        Raises:
            DataError: The table cannot be read, has no such columns, or no row is complete.
        """
        texts, answers, lines = complete_rows(self._read(None), self._columns, self.name)
        return CompleteRows(
            [prepared(text, self.preparation) for text in texts],
            [self._prepare_answer(answer) for answer in answers],
            lines,
        )

    @property
    @abstractmethod
    def split_rows(self) -> dict[str, list[int]]:
        """The numbers of the rows of each split."""

    @abstractmethod
    def texts_of(self, row: int) -> tuple[str, ...]:
        """Returns the texts of a row that become symbols."""

    def learn(self) -> Vocabulary:
        """Returns the vocabulary of the texts: the characters of all, or tokens that are learned.

        Tokens are learned from the training split alone.
        """

        def texts(rows: Sequence[int]) -> Iterator[str]:
            return (text for row in rows for text in self.texts_of(row))

        everything = range(len(self.content.inputs))
        return learn_vocabulary(
            self.preparation,
            lambda: (symbol for text in texts(everything) for symbol in text),
            lambda: texts(self.split_rows["train"]),
        )

    def symbols_of(self, text: str, vocabulary: Vocabulary) -> list[str]:
        """Returns the symbols of a text that stands by itself, up to the greatest length."""
        return text_symbols(text, vocabulary)[: self.preparation.max_length]

    def unknown_error(self, rows: Sequence[int], vocabulary: Vocabulary) -> DataError:
        """Returns the error that counts the unknown symbols of some rows."""
        counts = Counter[str]()
        for row in rows:
            for text in self.texts_of(row):
                symbols = self.symbols_of(text, vocabulary)
                counts.update(symbol for symbol in symbols if symbol not in vocabulary.ids)
        return DataError(vocabulary.unknown_message(counts))

    def _prepare_answer(self, answer: str) -> str:
        """Returns an answer of the table as the dataset uses it."""
        return prepared(answer, self.preparation)

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of the texts and answers."""
        rows = zip(self.content.inputs, self.content.answers, strict=True)
        return hash_of(field for row in rows for field in row)

    @property
    def example(self) -> str:
        """The beginning of the first text; of words, whole ones."""
        text = self.content.inputs[0]
        beginning = text[:MAX_EXAMPLE_LENGTH]
        if self.preparation.tokens == "char" or len(beginning) == len(text):
            return beginning
        return beginning.rpartition(" ")[0] or beginning

    def read_inputs(self, path: Path) -> list[str]:
        """Returns the texts of a table's first column, or the lines of any other file.

        Raises:
            DataError: The file cannot be read, or has no such column.
        """
        if not is_table(path):
            return super().read_inputs(path)
        table = self._read(path)
        remedy = "the model reads a column of that name; rename one"
        if table.remedy:
            remedy = "separate its columns as those of the table that the model was trained on"
        column = next(iter(self._columns.values()))
        return table._replace(remedy=remedy).column(column, option="")


def table_reader(config: AbstractTableConfig) -> Callable[[Path | None], Table]:
    """Returns a function that reads a file as the settings say; by default the file they name."""

    def read(path: Path | None) -> Table:
        return read_table(path or config.path, encoding=config.encoding, delimiter=config.delimiter)

    return read
