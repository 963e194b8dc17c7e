"""Tables: what is read from each format, and which line an error names."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from zoo_core.data.tables import Table, listed_lines, read_table, table_of_objects, write_csv
from zoo_core.errors import DataError

ROWS = [["good, really", "1"], ['a "quote"', "2"], ["two\nlines", "3"]]
CSV = 'text,label\n"good, really",1\n\n"a ""quote""",2\n"two\nlines",3\n'
JSON_LINES = (
    '{"text": "good, really", "label": 1}\n\n{"text": "a \\"quote\\"", "label": 2}\n'
    '{"text": "two\\nlines", "label": 3}'
)


def read(tmp_path: Path, name: str, text: str | bytes, **options: str) -> Table:
    """Reads a table from a text of its own."""
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_table(path, **options)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", CSV),
        ("a.CSV", CSV.replace("\n", "\r\n")),
        ("a.txt", "\ufeff" + CSV),
        ("a.tsv", 'text\tlabel\ngood, really\t1\n\n"a ""quote"""\t2\n"two\nlines"\t3'),
        ("a.jsonl", JSON_LINES),
    ],
)
def test_rows_and_their_lines_are_read(tmp_path: Path, name: str, text: str) -> None:
    table = read(tmp_path, name, text)
    assert table.columns == ("text", "label")
    assert table.rows == ROWS
    assert table.lines == [2, 4, 5] if name != "a.jsonl" else [1, 3, 4]
    assert table.column("label", "--dataset.label-column") == ["1", "2", "3"]


def test_an_encoding_and_a_delimiter_can_be_chosen(tmp_path: Path) -> None:
    text = "text;label\nnaïve, oui;1\n".encode("latin-1")
    table = read(tmp_path, "a.csv", text, encoding="latin-1", delimiter=";")
    assert table.rows == [["naïve, oui", "1"]]
    assert read(tmp_path, "b.csv", "a\tb\n1\t2\n", delimiter="tab").rows == [["1", "2"]]


def test_a_value_that_json_leaves_out_is_empty(tmp_path: Path) -> None:
    table = read(tmp_path, "a.jsonl", '{"a": null, "b": true}\n{"c": 0.5, "a": NaN}\n')
    assert table.columns == ("a", "b", "c")
    assert table.rows == [["", "true", ""], ["", "", "0.5"]]
    assert table_of_objects([{"a": float("nan"), "b": 1}], "data").rows == [["", "1"]]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", 'a,b\n1,2\n"x,3\n', "line 3: a quote .* opened here and never closed"),
        ("a.csv", 'a,b\n1,2\n"x"y,3\n', "line 3: text after the quote"),
        ("a.csv", "a,b\n1,2\n\n1,2,3\n", "line 4: 3 fields, but the header has 2"),
        ("a.csv", 'a,b\n"1\n2",2\n1\n', "line 4: 1 field, but the header has 2"),
        ("a.csv", "", "is empty; its first line must name the columns"),
        ("a.csv", "a,b\n", "has a header and no rows"),
        ("a.csv", "a,a\n1,2\n", "has two columns 'a'"),
        (
            "a.csv",
            b"a,b\n\xff,2\n",
            "offset 4; name another --dataset.*or save it as UTF-8",
        ),
        ("a.csv", "a;b\n1,5;2\n", r"2 fields, .* header has 1; .*: --dataset\.delimiter ';'"),
        ("a.csv", 'a;b\n"x";2\n', r"text after the quote .*: --dataset\.delimiter ';'"),
        ("a.jsonl", '{"a": 1}\n{"a": \n', "line 2: not JSON"),
        ("a.jsonl", "[1]\n", "line 1: expected an object"),
        ("a.jsonl", '{"a": [1]}\n', "line 1: 'a' is a list"),
        ("a.jsonl", "\n", "is empty; every line must be an object"),
    ],
)
def test_what_is_not_well_formed_is_reported_with_its_line(
    tmp_path: Path, name: str, text: str | bytes, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, name, text)


def test_a_missing_file_and_a_long_delimiter_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*none\.csv"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(DataError, match="expected one character or tab"):
        read(tmp_path, "a.csv", CSV, delimiter="::")


def test_a_missing_column_names_those_that_are_there(tmp_path: Path) -> None:
    table = read(tmp_path, "a.csv", CSV)
    with pytest.raises(DataError, match="has no column 'body'; it has 'text', 'label': name one"):
        table.column("body", "--dataset.text-column")
    other = read(tmp_path, "b.csv", "text;label\nx;1\n")
    with pytest.raises(DataError, match=r"separated by ';': --dataset\.delimiter ';'"):
        other.column("text", "--dataset.text-column")


def test_a_field_may_be_longer_than_the_csv_module_allows(tmp_path: Path) -> None:
    limit = csv.field_size_limit()
    table = read(tmp_path, "a.csv", f"text,label\n{'x' * (limit + 1)},1\n")
    assert len(table.rows[0][0]) == limit + 1
    assert csv.field_size_limit() == limit


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    assert read(tmp_path, "a.csv", write_csv(("text", "label"), ROWS)).rows == ROWS


def test_lines_are_listed_in_words() -> None:
    assert listed_lines([4]) == "line 4"
    assert listed_lines(range(2, 12)) == "lines 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"


def test_parquet_without_pyarrow_is_a_missing_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zoo_core.errors import PluginError

    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(PluginError, match=r"pip install 'zoo-core\[parquet\]'"):
        read(tmp_path, "a.parquet", b"PAR1")


@pytest.mark.full
def test_parquet_is_read(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {"text": ["a", None], "label": [1, 2], "ok": [True, False]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet")
    assert table.columns == ("text", "label", "ok")
    assert table.rows == [["a", "1", "true"], ["", "2", "false"]]
    assert table.lines == [1, 2]
    with pytest.raises(DataError, match="is not a Parquet file"):
        read(tmp_path, "b.parquet", b"PAR1")
