"""Tables: named columns of text from CSV, TSV, JSON Lines and Parquet files."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, final

from zoo_core.data.encodings import AUTO
from zoo_core.data.text import decode_file
from zoo_core.errors import DataError, PluginError
from zoo_core.escaping import quoted

TAB_SUFFIXES = (".tsv", ".tab")
JSON_SUFFIXES = (".jsonl", ".ndjson")
PARQUET_SUFFIXES = (".parquet", ".pq")
TABLE_SUFFIXES = (".csv", *TAB_SUFFIXES, *JSON_SUFFIXES, *PARQUET_SUFFIXES)
"""The suffixes of files that are read as tables without being told so."""
SEPARATORS = {"\t": "tab", ";": ";", "|": "|", ",": ","}
"""Characters that separate columns, and how an option names them."""
MAX_LISTED = 8
"""Columns, lines or labels that a message lists."""
MAX_FIELD = 2**31 - 1
"""Symbols of one field; the csv module stops at 131,072 otherwise."""


@final
class Table(NamedTuple):
    """Rows of text in named columns.

    Args:
        name: The name of the file in messages.
        columns: The names of the columns.
        rows: The fields of each row, one for each column; an empty text where there is none.
        lines: The line of the file where each row begins, counted from 1; in Parquet the number
            of the row.
        remedy: What else an error about a missing column says.
    """

    name: str
    columns: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    remedy: str = ""

    def position(self, column: str, option: str) -> int:
        """Returns the position of a column.

        Args:
            column: The name of the column.
            option: The option that chooses it, such as ``--dataset.text-column``.

        Raises:
            DataError: There is no such column.
        """
        if column in self.columns:
            return self.columns.index(column)
        remedy = self.remedy or f"name one with {option}"
        known = listed([quoted(name) for name in self.columns])
        raise DataError(f"{self.name} has no column {quoted(column)}; it has {known}: {remedy}")

    def column(self, column: str, option: str) -> list[str]:
        """Returns the fields of a column; see ``position``."""
        position = self.position(column, option)
        return [row[position] for row in self.rows]


def is_table(path: Path) -> bool:
    """Whether the suffix of a file says that it is a table."""
    return path.suffix.lower() in TABLE_SUFFIXES


def read_table(path: Path, *, encoding: str = AUTO, delimiter: str | None = None) -> Table:
    """Reads a table, whose format the suffix of the file decides; CSV if it is no known one.

    Blank lines are passed over.

    Args:
        path: The file.
        encoding: The encoding of a text; ``auto`` to find it out from the bytes.
        delimiter: The character that separates columns, or ``tab``; None for a tab in ``.tsv``
            and a comma elsewhere.

    Raises:
        DataError: The file cannot be read, or is not well-formed; the message names the line.
        PluginError: It is a Parquet file, and pyarrow is not installed.
    """
    suffix, name = path.suffix.lower(), str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"cannot read {path}: {error.strerror}; name the file with --dataset.path"
        ) from None
    if suffix in PARQUET_SUFFIXES:
        return _parse_parquet(data, name)
    text = decode_file(data, name, encoding)
    if suffix in JSON_SUFFIXES:
        return _parse_json_lines(text, name)
    if delimiter is None:
        delimiter = "\t" if suffix in TAB_SUFFIXES else ","
    return _parse_csv(text, name, "\t" if delimiter == "tab" else delimiter)


def table_of_csv(content: bytes, name: str) -> Table:
    """Returns the table of a CSV file in UTF-8.

    Args:
        content: The bytes of the file.
        name: What messages call it.

    Raises:
        DataError: It is not well-formed; the message names the line.
    """
    return _parse_csv(decode_file(content, name, "utf-8"), name, ",")


def table_of_objects(objects: Sequence[Mapping[str, Any]], name: str) -> Table:
    """Returns the table of objects of JSON, whose keys are the columns.

    Null and NaN are empty fields.

    Args:
        objects: The rows.
        name: What messages call the table; the lines in them count the rows from 1.

    Raises:
        DataError: A value is an object or a list, or there are no rows.
    """
    lines = list(range(1, len(objects) + 1))
    records = [
        {key: _as_text(value, name, line, key) for key, value in values.items()}
        for line, values in zip(lines, objects, strict=True)
    ]
    return _table_of_records(records, name, lines)


def listed(items: Sequence[object]) -> str:
    """Returns the first items in a row, and how many more there are."""
    text = ", ".join(str(item) for item in items[:MAX_LISTED])
    more = len(items) - MAX_LISTED
    return f"{text} and {more} more" if more > 0 else text


def listed_lines(lines: Sequence[int]) -> str:
    """Returns the numbers of lines in words: ``line 4`` or ``lines 4, 9``."""
    return f"line{'s' if len(lines) > 1 else ''} {listed(lines)}"


def write_csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """Returns a table as the bytes of a CSV file, with a newline after every row."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return file.getvalue().encode("utf-8", "surrogateescape")


def _parse_csv(text: str, name: str, delimiter: str) -> Table:
    header: list[str] | None = None
    rows: list[list[str]] = []
    lines: list[int] = []
    remedy = _other_delimiter(text.lstrip("\n").partition("\n")[0], delimiter)
    for line, fields in _csv_records(text, name, delimiter, remedy):
        if header is None:
            header = [field.strip() for field in fields]
            continue
        if len(fields) != len(header):
            found = f"{len(fields)} field{'' if len(fields) == 1 else 's'}"
            separator = quoted(SEPARATORS.get(delimiter, delimiter))
            quotes = (
                f'put a value that contains {separator} or a line end between double quotes (")'
            )
            raise DataError(
                f"{name}, line {line}: {found}, but the header has {len(header)}; "
                f"{remedy or quotes}"
            )
        rows.append(fields)
        lines.append(line)
    if header is None:
        raise DataError(f"{name} is empty; its first line must name the columns")
    return _checked(Table(name, tuple(header), rows, lines, remedy))


def _csv_records(
    text: str, name: str, delimiter: str, remedy: str
) -> Iterator[tuple[int, list[str]]]:
    """Yields the line where each record begins, and its fields; blank lines are passed over.

    Args:
        text: The content of the file.
        name: What messages call it.
        delimiter: The character that separates columns.
        remedy: What else an error about quotes says.

    Raises:
        DataError: Quotes are wrong, or the delimiter is not one character.
    """
    with _long_fields():
        try:
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        except (TypeError, ValueError):
            raise DataError(
                f"dataset.delimiter = {delimiter!r:.40}: expected one character or tab"
            ) from None
        while True:
            line = reader.line_num + 1
            try:
                fields = next(reader, None)
            except csv.Error as error:
                problem = _quoting_problem(error)
                if remedy:
                    problem = f"{problem}; {remedy}"
                raise DataError(f"{name}, line {line}: {problem}") from None
            if fields is None:
                return
            if fields:
                yield line, fields


@contextlib.contextmanager
def _long_fields() -> Iterator[None]:
    """Lifts the csv module's limit of a field while a file is read."""
    limit = csv.field_size_limit(MAX_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def _quoting_problem(error: csv.Error) -> str:
    if "end of data" in str(error):
        return 'a quote (") is opened here and never closed; write a quote inside quotes as ""'
    return 'text after the quote (") that ends a value; write a quote inside quotes as ""'


def _other_delimiter(header: str, delimiter: str) -> str:
    """Returns the remedy where a header lacks the separator and contains another one."""
    if delimiter in header:
        return ""
    for separator, word in SEPARATORS.items():
        if separator in header:
            return f"its columns look separated by {word!r}: --dataset.delimiter {quoted(word)}"
    return ""


def _parse_json_lines(text: str, name: str) -> Table:
    records: list[dict[str, str]] = []
    lines: list[int] = []
    for line, source in enumerate(text.split("\n"), start=1):
        if not source.strip():
            continue
        try:
            values = json.loads(source)
        except (ValueError, RecursionError) as error:
            reason = getattr(error, "msg", "too many digits or levels")
            raise DataError(f"{name}, line {line}: not JSON: {reason}") from None
        if not isinstance(values, dict):
            raise DataError(f'{name}, line {line}: expected an object, such as {{"text": ...}}')
        records.append({key: _as_text(value, name, line, key) for key, value in values.items()})
        lines.append(line)
    if not records:
        raise DataError(f'{name} is empty; every line must be an object, such as {{"text": ...}}')
    return _table_of_records(records, name, lines)


def _table_of_records(records: list[dict[str, str]], name: str, lines: list[int]) -> Table:
    columns = tuple(dict.fromkeys(key for record in records for key in record))
    rows = [[record.get(column, "") for column in columns] for record in records]
    return _checked(Table(name, columns, rows, lines))


def _as_text(value: Any, name: str, line: int, key: str) -> str:
    """Returns a JSON value as a field.

    Raises:
        DataError: It is an object or a list.
    """
    if value is None or isinstance(value, str | int | float):
        return _field(value)
    kind = "a list" if isinstance(value, list) else "an object"
    raise DataError(f"{name}, line {line}: {quoted(key)} is {kind}; expected a text or a number")


def _parse_parquet(data: bytes, name: str) -> Table:
    try:
        from pyarrow import ArrowException, BufferReader
        from pyarrow.parquet import read_table as read_parquet
    except ModuleNotFoundError:
        raise PluginError(
            f"{name}: Parquet needs pyarrow: pip install 'zoo-core[parquet]'"
        ) from None
    try:
        table = read_parquet(BufferReader(data))
        columns = tuple(str(column) for column in table.column_names)
        values = [column.to_pylist() for column in table.columns]
    except (ArrowException, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise DataError(f"{name} is not a Parquet file: {reason}") from None
    rows = [list(map(_field, row)) for row in zip(*values, strict=True)]
    return _checked(Table(name, columns, rows, list(range(1, len(rows) + 1))))


def _field(value: Any) -> str:
    """Returns a value of JSON or Parquet as a field; null and NaN are empty ones."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _checked(table: Table) -> Table:
    """Returns the table.

    Raises:
        DataError: It has no rows, or two columns of the same name.
    """
    twice = [name for name in table.columns if table.columns.count(name) > 1]
    if twice:
        raise DataError(f"{table.name} has two columns {quoted(twice[0])}; rename one")
    if not table.rows:
        raise DataError(f"{table.name} has a header and no rows")
    return table
