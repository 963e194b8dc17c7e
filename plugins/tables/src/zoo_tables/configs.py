"""Settings of the datasets that are read from tables."""

from __future__ import annotations

from pathlib import Path

from zoo_core import AbstractTokensConfig, config, setting
from zoo_core.data.encodings import AUTO, ENCODING_HELP


@config
class AbstractTextRowsConfig(AbstractTokensConfig):
    """Settings that all rows of text share: symbols, how they are prepared and split."""

    lowercase: bool = setting(default=False, help="Convert the texts to lower case.")
    max_length: int | None = setting(
        default=None, unit="symbols", at_least=1, help="Use only the beginning of a longer text."
    )
    validation: float = setting(
        default=0.1, at_least=0, below=1, help="Fraction of the rows for validation."
    )
    test: float = setting(
        default=0.1, at_least=0, below=1, help="Fraction of the rows for the test split."
    )


@config
class AbstractTableConfig(AbstractTextRowsConfig):
    """Settings that all files with rows of text share."""

    path: Path = setting(help="The file to read: CSV, TSV, JSON Lines or Parquet.")
    delimiter: str | None = setting(
        default=None,
        help="Character between the columns, or tab; none: a tab in .tsv, a comma elsewhere.",
    )
    encoding: str = setting(default=AUTO, help=f"Encoding of the file; {ENCODING_HELP}")


@config
class LabelledConfig(AbstractTableConfig):
    """Settings of labelled: any table with a column of texts and a column of labels."""

    text_column: str = setting(default="text", help="Column of the texts.")
    label_column: str = setting(default="label", help="Column of the labels.")


@config
class RequestsConfig(AbstractTextRowsConfig):
    """Settings of requests: short messages with one of four labels."""


@config
class AbstractPairsConfig(AbstractTextRowsConfig):
    """Settings that all pairs of texts share."""

    answer_length: int = setting(
        default=200, unit="symbols", at_least=1, help="Most symbols of a predicted target."
    )


@config
class PairsConfig(AbstractTableConfig, AbstractPairsConfig):
    """Settings of pairs: any table with a column of sources and a column of targets."""

    source_column: str = setting(default="source", help="Column of the sources.")
    target_column: str = setting(default="target", help="Column of the targets.")


@config
class DatesConfig(AbstractPairsConfig):
    """Settings of dates: dates in words and as numbers."""


@config
class MemoryConfig:
    """Settings of memory: rows that a Python program hands over."""

    steps: int = setting(
        default=64,
        unit="symbols",
        at_least=1,
        help="Symbols of a row, where texts are learned symbol by symbol; longer texts are cut.",
    )
    sample: bool = setting(
        default=False, help="Use a few made rows in the place of data from Python."
    )
    validation: float = setting(
        default=0.1, at_least=0, below=1, help="Fraction of the rows for validation."
    )
    test: float = setting(
        default=0.0, at_least=0, below=1, help="Fraction of the rows for the test split."
    )
