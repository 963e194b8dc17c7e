"""Counting the words of a text whose distinct words may not fit into memory."""

from __future__ import annotations

import heapq
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import groupby
from operator import itemgetter
from typing import IO

from zoo_core.storage.atomic import make_folder, target_errors
from zoo_core.storage.locations import encoded_folder

HELD_WORDS = 100_000
"""Distinct words that are counted in memory; beyond, counts are written to disk and merged."""
MAX_FILES = 64
"""Files of counts that are open at a time."""
FIELD = "\t"
"""Separates a word from its count in a file."""


def frequent_words(texts: Iterable[list[str]], most: int | None, min_count: int) -> list[str]:
    """Returns the most frequent words, the most frequent first; ties are sorted.

    The counts are exact. However many distinct words there are, only about ``HELD_WORDS`` of them
    and those that are returned are in memory at a time.

    Args:
        texts: The words of texts.
        most: The most words to return; None for all of them.
        min_count: The least occurrences of a word that is returned.

    Raises:
        TargetError: There is no room for the counts below ``ZOO_HOME``.
    """
    counts, files = Counter[str](), list[IO[str]]()
    with ExitStack() as opened:
        for words in texts:
            counts.update(words)
            if len(counts) > HELD_WORDS:
                files.append(opened.enter_context(_write(sorted(counts.items()))))
                counts = Counter()
            if len(files) == MAX_FILES:
                merged = opened.enter_context(_write(_merge(files)))
                for file in files:
                    file.close()
                files = [merged]
        if not files:
            return _most_frequent(counts.items(), most, min_count)
        files.append(opened.enter_context(_write(sorted(counts.items()))))
        return _most_frequent(_merge(files), most, min_count)


def _most_frequent(
    counts: Iterable[tuple[str, int]], most: int | None, min_count: int
) -> list[str]:
    """Returns the words with the highest counts; ``counts`` has every word once."""
    enough = ((-count, word) for word, count in counts if count >= min_count)
    chosen = sorted(enough) if most is None else heapq.nsmallest(most, enough)
    return [word for _, word in chosen]


def _write(counts: Iterable[tuple[str, int]]) -> IO[str]:
    """Returns a file of words and counts that vanishes when it is closed, at its beginning.

    Args:
        counts: The words, sorted, and their counts.

    Raises:
        TargetError: The file cannot be written.
    """
    folder = encoded_folder()
    with target_errors(folder):
        make_folder(folder)
        file = tempfile.TemporaryFile("w+", encoding="ascii", newline="\n", dir=folder)  # noqa: SIM115  # the caller closes it
        try:
            for word, count in counts:
                # Tabs and line ends are escaped too.
                file.write(f"{word.encode('unicode_escape').decode('ascii')}{FIELD}{count}\n")
            file.seek(0)
        except OSError:
            file.close()
            raise
    return file


def _merge(files: Iterable[IO[str]]) -> Iterator[tuple[str, int]]:
    """Yields every word of sorted files with the sum of its counts, sorted."""
    rows = heapq.merge(*map(_read, files), key=itemgetter(0))
    for word, same in groupby(rows, key=itemgetter(0)):
        yield word, sum(count for _, count in same)


def _read(file: IO[str]) -> Iterator[tuple[str, int]]:
    for line in file:
        word, count = line.rstrip("\n").split(FIELD)
        yield word.encode("ascii").decode("unicode_escape"), int(count)
