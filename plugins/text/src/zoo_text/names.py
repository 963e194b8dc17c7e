"""Names from 18 languages, labelled with their language."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import final

import torch
from torch.nn.utils.rnn import pad_sequence

from zoo_core import Classes, Signature, Tokens, Unknown, Vocabulary
from zoo_core.data.vocabulary import REFUSE
from zoo_core.runtime.datasets.dataset import encode_text
from zoo_core.runtime.datasets.epoch_order import fixed_order
from zoo_core.runtime.datasets.labelled_rows import AbstractLabelledDataset, LabelledRows
from zoo_core.runtime.datasets.splits import check_split_not_empty
from zoo_core.runtime.nn import Batch, Output
from zoo_text.configs import NamesConfig
from zoo_text.languages import LANGUAGES, remote
from zoo_text.remote import text_of

COPY_REMEDY = "restore the original file, or leave out --dataset.path to download it"


@final
class NamesDataset(AbstractLabelledDataset):
    """20,050 names from 18 languages, padded at the end.

    Each language is shuffled once and split separately, so that every split has the same fraction
    of each language. A name that a language lists twice is in one split. A name that two languages
    share is labelled with both, and may be in the training split of one language and the test
    split of the other.

    Source: Robertson, practical-pytorch, "Classifying Names with a Character-Level RNN".

    Args:
        config: Settings of the dataset.
        vocabulary: Vocabulary of a checkpoint, or None for the sorted symbols of the names.
    """

    example = "Dostoevsky"

    def __init__(self, config: NamesConfig, vocabulary: Vocabulary | None) -> None:
        super().__init__("names", config)
        self._folder, self._checkpoint_vocabulary = config.path, vocabulary

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """The names of each language, in the order of their file."""
        names = {}
        for language in LANGUAGES:
            local_copy = self._folder / f"{language}.txt" if self._folder else None
            lines = text_of(remote(language), local_copy, COPY_REMEDY).splitlines()
            names[language] = [line.strip() for line in lines if line.strip()]
        return names

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The symbols of the names."""
        if self._checkpoint_vocabulary is not None:
            return self._checkpoint_vocabulary
        return Vocabulary.of("".join("".join(names) for names in self.names.values()))

    @property
    def signature(self) -> Signature:
        """Tokens, with the language as the label of the whole sequence."""
        return Signature(
            inputs=Tokens(len(self.vocabulary)),
            outputs=Classes(len(LANGUAGES), per="sequence", names=LANGUAGES),
            vocabulary=self.vocabulary,
        )

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of the languages and their names."""
        lines = [",".join([language, *self.names[language]]) for language in LANGUAGES]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def labelled_names(self, split: str) -> list[tuple[str, int]]:
        """Returns the names of a split, each with the index of its language.

        Raises:
            DataError: There is no such split.
        """
        labelled = []
        for label, language in enumerate(LANGUAGES):
            distinct = list(dict.fromkeys(self.names[language]))
            of_split = self.split_slice(len(distinct), split)
            chosen = {distinct[index] for index in fixed_order(len(distinct))[of_split].tolist()}
            labelled += [(name, label) for name in self.names[language] if name in chosen]
        return labelled

    def rows(self, split: str) -> LabelledRows:
        """Returns the names of a split, (N, T), and their languages, (N,).

        Raises:
            DataError: The split is empty, or there is no such split.
        """
        labelled = self.labelled_names(split)
        check_split_not_empty(len(labelled), split, self.name)
        tokens = [torch.tensor(self.vocabulary.encode(name)) for name, _ in labelled]
        return LabelledRows(
            pad_sequence(tokens, batch_first=True),
            torch.tensor([label for _, label in labelled]),
            lengths=torch.tensor([len(ids) for ids in tokens]),
        )

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns the tokens of a name, (1, T)."""
        return encode_text(value, self.vocabulary, unknown)

    def decode(self, output: Output) -> str:
        """Returns the most likely language."""
        return LANGUAGES[int(output.logits[0].argmax())]
