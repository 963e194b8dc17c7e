"""Names and the language each is from: many symbols to one label."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property
from typing import final

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from zoo_core import Signature, Tokens, Unknown, Vocabulary
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.datasets.splits import batches_of, check_fractions, part, splits_of
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_text.configs import NamesConfig
from zoo_text.languages import LANGUAGES, remote
from zoo_text.remote import text_of
from zoo_text.windows import order, shuffled


@final
class NamesDataset(AbstractDataset):
    """20,050 names from 18 languages; rows are padded at the end, and say their lengths.

    Each language is shuffled once and split by itself, so that every split has its share of each.
    A name that a language lists twice stays in one split; one that two languages share stays in
    both, and may be in the training split of the one and the test split of the other.

    Source: Robertson, practical-pytorch, "Classifying Names with a Character-Level RNN".

    Args:
        config: What a person chose.
        vocabulary: A checkpoint's, or None for the names' own symbols, sorted.
    """

    example = "Dostoevsky"

    def __init__(self, config: NamesConfig, vocabulary: Vocabulary | None) -> None:
        check_fractions(config, "names")
        self.config, self._given = config, vocabulary

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """The names of each language, in the order of their file."""
        found = {}
        for language in LANGUAGES:
            copy = self.config.path / f"{language}.txt" if self.config.path else None
            lines = text_of(remote(language), copy).splitlines()
            found[language] = [line.strip() for line in lines if line.strip()]
        return found

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The symbols."""
        every = "".join("".join(names) for names in self.names.values()) if not self._given else ""
        return self._given or Vocabulary.of(every)

    @property
    def signature(self) -> Signature:
        """Tokens, with the language as label of the whole sequence."""
        return Signature(
            inputs=Tokens(len(self.vocabulary)),
            classes=len(LANGUAGES),
            per="sequence",
            vocabulary=self.vocabulary,
        )

    @cached_property
    def fingerprint(self) -> str:
        """Of languages and names."""
        listed = "\n".join(",".join([each, *self.names[each]]) for each in LANGUAGES)
        return hashlib.sha256(listed.encode()).hexdigest()

    @property
    def splits(self) -> tuple[str, ...]:
        """Those whose share is not zero."""
        return splits_of(self.config)

    def rows(self, split: str) -> list[tuple[str, int]]:
        """Names and the number of their language."""
        found = []
        for label, language in enumerate(LANGUAGES):
            unlike = list(dict.fromkeys(self.names[language]))
            turns = shuffled(len(unlike))[part(len(unlike), self.config, split, "names")].tolist()
            chosen = {unlike[index] for index in turns}
            found += [(name, label) for name in self.names[language] if name in chosen]
        return found

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """How many batches an epoch has."""
        return batches_of(len(self.rows(split)), size, split, "names")

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Names (B, T), T the longest of the batch; labels (B,); in random order in training."""
        rows = self.rows(split)
        turns = order(len(rows), seed, epoch).tolist()
        for first in range(start * size, len(rows), size):
            chosen = [rows[index] for index in turns[first : first + size]]
            tokens, lengths = self._padded([name for name, _ in chosen])
            yield Batch(tokens, torch.tensor([label for _, label in chosen]), lengths)

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """A name, (1, T)."""
        ids = self.vocabulary.encode(value, unknown)
        if not ids:
            raise DataError("an empty input; give at least one symbol")
        return Batch(torch.tensor([ids]))

    def decode(self, output: Output) -> str:
        """The likeliest language."""
        return LANGUAGES[int(output.logits[0].argmax())]

    def _padded(self, names: list[str]) -> tuple[Tensor, Tensor]:
        """Tokens (B, T) and lengths (B,)."""
        encoded = [torch.tensor(self.vocabulary.encode(name)) for name in names]
        lengths = torch.tensor([len(each) for each in encoded])
        return pad_sequence(encoded, batch_first=True), lengths
