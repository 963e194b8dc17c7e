"""The text of files, whose ids are kept on disk.

The ids are written once, below ``ZOO_HOME``, and mapped into memory, so that a text may be larger
than memory. They are found by path, size, time and inode of the files, by the settings that change
the text, and by the vocabulary. Everything is written under a lock into a temporary place and
renamed when it is complete.
"""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, final

import torch
from torch import Tensor

from zoo_core import Vocabulary
from zoo_core.data.tokenizer import tokenizer_from_json
from zoo_core.errors import DataError, TargetError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.tokenizers import with_tokenizer
from zoo_core.runtime.datasets.learned_vocabulary import learn_vocabulary
from zoo_core.storage.atomic import make_folder, new_folder, target_errors, write_file
from zoo_core.storage.caches import SCANS
from zoo_core.storage.capacity import format_bytes
from zoo_core.storage.locations import encoded_folder
from zoo_core.storage.locks import file_lock
from zoo_text.configs import AbstractTextConfig
from zoo_text.encoding import Encoded, part_ends, splits_of
from zoo_text.files import identify, read_files, read_marked
from zoo_text.prepared_text import (
    BEGINNING,
    AbstractText,
    beginning_of,
    file_starts,
    hash_with_starts,
)

FORMAT = 3
"""The form of what is kept on disk; another number makes everything again."""
ANNOUNCED = 20_000_000
"""Bytes of a text whose reading takes so long that a line announces it."""
LEARNED_FROM = 10_000_000
"""Characters of a long text that pairs of bytes are learned from."""
LEARNED = ("word", "bpe")
"""Tokens whose vocabulary takes a pass over the text."""
TYPES = {"uint8": torch.uint8, "int16": torch.int16, "int32": torch.int32}

logger = logging.getLogger("zoo_core.text")


@final
class _Scan(NamedTuple):
    """What one pass over a text finds out.

    Args:
        fingerprint: The sha256 of the text up to its limit.
        length: Its characters.
        characters: The characters of the whole text, sorted.
        beginning: The beginning of the text.
        starts: Where its files begin, in characters; None if they are not told apart.
    """

    fingerprint: str
    length: int
    characters: str
    beginning: str
    starts: list[int] | None = None


@final
class StoredText(AbstractText):
    """The text of files, whose ids are kept on disk.

    Args:
        name: Name of the text in errors.
        config: Settings of the windows and splits.
        files: The files.
        encoding: Their encoding.
        marks_files: Whether files are told apart.
    """

    def __init__(
        self,
        name: str,
        config: AbstractTextConfig,
        files: list[Path],
        encoding: str,
        *,
        marks_files: bool = False,
    ) -> None:
        super().__init__(name, config)
        self.files, self.encoding, self.marks_files = files, encoding, marks_files

    @property
    def fingerprint(self) -> str:
        """The sha256 of the text up to its limit, and of where its files begin."""
        return hash_with_starts(self._scan.fingerprint, self.starts)

    @property
    def starts(self) -> Sequence[int] | None:
        """Where the files of the text begin, in characters; None if they are not told apart."""
        return self._scan.starts

    @property
    def length(self) -> int:
        """Characters of the text up to its limit."""
        return self._scan.length

    @property
    def beginning(self) -> str:
        """The beginning of the text."""
        return self._scan.beginning

    @property
    def text(self) -> str:
        """The text up to its limit, as a whole in memory."""
        return "".join(self.chunks())

    def chunks(self) -> Iterator[str]:
        """Yields the text up to its limit."""
        left = self.config.limit
        for text in self._full_chunks():
            if left is None:
                yield text
                continue
            yield text[:left]
            left -= len(text)
            if left <= 0:
                return

    def _full_chunks(self) -> Iterator[str]:
        for text in read_files(self.files, self.encoding):
            yield text.lower() if self.config.lowercase else text

    def forget(self) -> None:
        """Forgets what is known of the files, so that they are read again."""
        self.__dict__.pop("_scan", None)
        with target_errors(self._scan_path):
            self._scan_path.unlink(missing_ok=True)

    @property
    def _scan_path(self) -> Path:
        """What is known of the text, by what identifies its files."""
        identity = [identify(path) for path in self.files]
        config = self.config
        settings = [FORMAT, identity, self.encoding, config.lowercase, config.limit]
        if self.marks_files:
            settings.append("files")
        return encoded_folder() / SCANS / f"{_key(settings)}.json"

    @cached_property
    def _scan(self) -> _Scan:
        path = self._scan_path

        def make() -> None:
            size = sum(file.stat().st_size for file in self.files)
            if size >= ANNOUNCED:
                logger.info("reading %s, %s", self.name, format_bytes(size))
            write_file(path, _json(self._make_scan()._asdict()))

        _make_once(path, make)
        return _Scan(**_read_json(path))

    def _make_scan(self) -> _Scan:
        digest, length, characters, beginning = sha256(), 0, set[str](), ""
        limit = self.config.limit
        for text in self._full_chunks():
            characters.update(text)
            taken = text if limit is None else text[: max(limit - length, 0)]
            digest.update(taken.encode("utf-8", "surrogatepass"))
            length += len(taken)
            if len(beginning) < BEGINNING:
                beginning = beginning_of(beginning + taken)
        if not characters:
            raise DataError(f"{self.name}: the text is empty")
        starts = None
        if self.marks_files:
            starts = list(file_starts(read_marked(self.files, self.encoding), self.config))
        return _Scan(digest.hexdigest(), length, "".join(sorted(characters)), beginning, starts)

    def learn(self, special: tuple[str, ...]) -> Vocabulary:
        """Returns the vocabulary, which is kept where learning it takes a pass over the text."""
        config = self.config
        if config.tokens not in LEARNED:
            return learn_vocabulary(
                config, lambda: self._scan.characters, self.training_pieces, special
            )
        train = [config.split, config.validation, config.test]
        settings = [FORMAT, config.tokens, config.vocabulary_size, config.min_count, train]
        pieces = self._sampled_pieces if config.tokens == "bpe" else self.training_pieces
        path = self._folder / f"vocabulary-{_key(settings)}.json"

        def make() -> None:
            learned = learn_vocabulary(config, lambda: "", pieces, special)
            write_file(path, _json(_vocabulary_values(learned)))

        _make_once(path, make)
        values = _read_json(path)
        vocabulary = Vocabulary(tuple(values["symbols"]))
        vocabulary = replace(vocabulary, tokenizer=tokenizer_from_json(values["tokenizer"]))
        read = with_tokenizer(vocabulary, load_catalog())
        assert read is not None, "a vocabulary stays one"
        return read

    def _sampled_pieces(self) -> Iterator[str]:
        """Yields pieces of the training part at even distances, ``LEARNED_FROM`` characters in all.

        How much memory learning pairs of bytes takes grows with the text that is learned from.
        """
        share = min(1, LEARNED_FROM / self.length)
        for number, piece in enumerate(self.training_pieces()):
            if int((number + 1) * share) > int(number * share):
                yield piece

    @property
    def _folder(self) -> Path:
        return encoded_folder() / self.fingerprint

    def encode(self, vocabulary: Vocabulary) -> Encoded:
        """Returns the text as ids that are mapped into memory."""
        ends = part_ends(self.length, self.config, self.name, vocabulary)
        values = _vocabulary_values(vocabulary) | {"policy": str(vocabulary.policy)}
        folder = self._folder / f"tokens-{_key([FORMAT, values, ends])}"

        def make() -> None:
            with new_folder(folder) as temporary:
                self._write(temporary, vocabulary, len(ends))

        _make_once(folder, make)
        about = _read_json(folder / "about.json")
        tokens = _map(folder / "tokens", TYPES[about["type"]])
        unknown = _map(folder / "unknown", torch.int32) if about["unknown"] else None
        starts = _map(folder / "starts", torch.uint8).view(torch.bool) if self.marks_files else None
        splits = splits_of(about["parts"], self.config, self.name, vocabulary)
        return Encoded(tokens, splits, unknown, starts)

    def _write(self, folder: Path, vocabulary: Vocabulary, part_count: int) -> None:
        """Writes the ids, the unknown words and what describes them into a folder."""
        parts, dtype, has_unknown = [0] * part_count, "", False
        with (
            (folder / "tokens").open("wb") as tokens,
            (folder / "unknown").open("wb") as unknown,
            (folder / "starts").open("wb") as starts,
        ):
            for piece in self.encoded_pieces(vocabulary):
                if piece.unknown is not None:
                    unknown.write(piece.unknown.numpy().tobytes())
                    has_unknown = True
                if self.marks_files:
                    starts.write(piece.starts.numpy().tobytes())
                tokens.write(piece.ids.numpy().tobytes())
                parts[piece.part] += len(piece.ids)
                dtype = str(piece.ids.dtype).removeprefix("torch.")
        names = [path.name for path in self.files[:3]]
        about = {
            "type": dtype,
            "parts": parts,
            "unknown": has_unknown,
            "files": names,
            "tokens": vocabulary.tokenizer.kind,
        }
        write_file(folder / "about.json", _json(about))


def _make_once(path: Path, make: Callable[[], None]) -> None:
    """Makes a file or folder unless it is there, while other processes wait for it.

    Raises:
        TargetError: It cannot be written.
    """
    if path.exists():
        return
    try:
        with target_errors(path):
            make_folder(path.parent)
        with file_lock(path):
            for left in path.parent.glob(f".{path.name}.*.tmp"):  # of a process that was killed
                shutil.rmtree(left, ignore_errors=True)
                with contextlib.suppress(OSError):
                    left.unlink(missing_ok=True)
            if not path.exists():
                make()
    except TargetError as error:
        raise TargetError(
            f"{error}; make room with zoo data remove, or set ZOO_HOME to another disk"
        ) from None


def _map(path: Path, dtype: torch.dtype) -> Tensor:
    """Returns the numbers of a file, mapped into memory."""
    count = path.stat().st_size // dtype.itemsize
    if not count:
        return torch.empty(0, dtype=dtype)
    return torch.from_file(str(path), shared=False, size=count, dtype=dtype)


def _vocabulary_values(vocabulary: Vocabulary) -> dict[str, Any]:
    return {"symbols": vocabulary.symbols, "tokenizer": vocabulary.tokenizer.to_json()}


def _key(values: object) -> str:
    return sha256(_json(values)).hexdigest()[:32]


def _json(values: object) -> bytes:
    return json.dumps(values).encode()


def _read_json(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_bytes())
    return values
