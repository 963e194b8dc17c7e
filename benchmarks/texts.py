"""The books that the cases read, or a text in their place where they cannot be downloaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from zoo_core.downloads.download import fetch
from zoo_core.errors import NetworkError
from zoo_core.storage.atomic import write_file
from zoo_core.storage.locations import data_folder
from zoo_text.python_docs import read_topics
from zoo_text.remote import NIETZSCHE, TIME_MACHINE

BOOKS = {"time-machine": TIME_MACHINE, "nietzsche": NIETZSCHE}
"""The files of the datasets that the cases read."""
FOLDER = Path(__file__).parents[1] / "build" / "benchmarks" / "texts"
"""Where the texts in place of books lie, for the processes of a benchmark."""
WITHOUT = {
    "time-machine": "cases with it read python-docs, quality and precision are not measured",
    "nietzsche": "cases with it read python-docs",
}
"""What the benchmarks do without a book."""
LENGTHS = {"time-machine": 10_000, "nietzsche": 600_893}
"""The most characters of a text in place of a book; the book has as many, or is cut to them."""


def fetch_books() -> Iterator[str]:
    """Downloads the books that are not there yet, and yields a message for each that cannot be."""
    for name, file in BOOKS.items():
        try:
            fetch(file, data_folder())
        except NetworkError as error:
            yield f"{error}; until then, {WITHOUT[name]}"


def is_here(name: str) -> bool:
    """Returns whether a dataset is no book, or a book that was downloaded."""
    return name not in BOOKS or (data_folder() / BOOKS[name].name).exists()


def replacements(books: Sequence[str]) -> dict[str, str]:
    """Returns the fact of a report that another text was read in place of some books, if any."""
    return {"texts": f"python-docs in place of {' and '.join(books)}"} if books else {}


def replacement(name: str, symbols: int) -> dict[str, Any]:
    """Returns settings of the dataset ``text`` that stand in for a book.

    The text is that of ``python-docs`` with as many symbols as the book: letters, the space and the
    most common other characters.

    Args:
        name: The dataset of the book.
        symbols: V.
    """
    text = read_topics()
    if name == "time-machine":  # in lower case, as the book is
        text = text.lower()
    text = text[: 2 * LENGTHS[name]]
    counts = Counter(text)
    by_use = sorted(counts, key=lambda symbol: (not _is_prose(symbol), -counts[symbol], symbol))
    used = set(by_use[:symbols])
    kept = "".join(symbol for symbol in text if symbol in used)[: LENGTHS[name]]
    file = FOLDER / f"{name}.txt"
    if not file.exists() or file.read_text("utf-8") != kept:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_file(file, kept.encode())
    return {"path": str(file)}


def _is_prose(symbol: str) -> bool:
    return symbol == " " or (symbol.isascii() and symbol.isalpha())
