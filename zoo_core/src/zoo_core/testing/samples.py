"""A little model and a little dataset that a trainer is tried with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from typing import Literal, final

import torch
from torch import nn

from zoo_core.configs.declare import config, setting
from zoo_core.data.signature import Signature, Tokens
from zoo_core.data.vocabulary import REFUSE, Unknown, Vocabulary
from zoo_core.plugins.catalog import Catalog, CatalogEntry
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.specs import DatasetSpec, ModelSpec
from zoo_core.runtime.datasets.dataset import AbstractDataset, encode_text
from zoo_core.runtime.datasets.labelled_rows import LabelledRows
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.state import HiddenState, State

WORD = "abcdefgh"
ROWS = 12


@config
class SampleModelConfig:
    """A GRU and dropout."""

    hidden_size: int = setting(default=16, at_least=1, help="Width of the hidden state.")


@config
class SampleDataConfig:
    """A word, over and over."""

    labels: Literal["next", "step", "sequence"] = setting(default="next", help="What is labelled.")


@final
class SampleModel(AbstractModel):
    """One-hot symbols, ``torch.nn.GRU``, dropout, linear output."""

    causal = carries_state = True

    def __init__(self, config: SampleModelConfig, signature: Signature) -> None:
        super().__init__(signature)
        self.gru = nn.GRU(signature.input_size, config.hidden_size, batch_first=True)
        self.dropout = nn.Dropout(0.2)
        self.output = nn.Linear(config.hidden_size, signature.classes)

    def initial_state(self, batch_size: int) -> State:
        """Zeros."""
        return (HiddenState(self.output.weight.new_zeros(batch_size, self.gru.hidden_size)),)

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Tokens (B, T) to logits (B, T, classes), or (B, classes) per sequence."""
        (before,) = self.initial_state(len(batch.inputs)) if state is None else state
        symbols = nn.functional.one_hot(batch.inputs, self.signature.input_size)
        hidden, after = self.gru(symbols.to(before[0].dtype), before[0].unsqueeze(0))
        read = hidden if self.signature.per == "step" else hidden[:, -1]
        return Output(self.output(self.dropout(read)), (HiddenState(after[0]),))


@final
class SampleData(AbstractDataset):
    """Rows that begin at each symbol of a word; the label is the next symbol."""

    splits = ("train", "validation")
    example = WORD[:3]

    def __init__(self, config: SampleDataConfig, vocabulary: Vocabulary | None) -> None:
        self.labels = config.labels
        self.vocabulary = vocabulary or Vocabulary(tuple(WORD))

    @property
    def signature(self) -> Signature:
        """Tokens; the labels are the next symbols, whether or not it is said."""
        return Signature(
            inputs=Tokens(len(WORD)),
            classes=len(WORD),
            per="sequence" if self.labels == "sequence" else "step",
            vocabulary=self.vocabulary,
            next_symbol=self.labels == "next",
        )

    @property
    def fingerprint(self) -> str:
        """Of the word."""
        return hashlib.sha256(WORD.encode()).hexdigest()

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """Returns the number of batches of an epoch."""
        return self._rows().batch_count(size)

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Returns tokens (B, 5) and labels (B, 5) or (B,), shuffled in training."""
        return self._rows().batches(size, seed, epoch, start)

    def _rows(self) -> LabelledRows:
        """Returns the rows, which are the same in both splits."""
        rows = (torch.arange(6) + torch.arange(ROWS).unsqueeze(1)) % len(WORD)
        labels = rows[:, -1] if self.labels == "sequence" else rows[:, 1:]
        return LabelledRows(rows[:, :-1], labels)

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Some symbols, (1, T)."""
        return encode_text(value, self.vocabulary, unknown)

    def decode(self, output: Output) -> str:
        """The likeliest symbols."""
        return self.vocabulary.decode(output.logits[0].argmax(dim=-1).reshape(-1).tolist())


PLUGIN = Plugin("zoo-samples", __name__, "zoo-core", version("zoo-core"))
MODEL = ModelSpec(
    name="sample-model",
    summary="A GRU and dropout.",
    config=f"{__name__}:SampleModelConfig",
    factory=f"{__name__}:SampleModel",
)
DATA = DatasetSpec(
    name="sample-data",
    summary="A word, over and over.",
    config=f"{__name__}:SampleDataConfig",
    factory=f"{__name__}:SampleData",
    default_trainer="",
)


def with_samples(catalog: Catalog) -> Catalog:
    """A catalog that offers the sample model and the sample data too."""
    return catalog._replace(
        entries=(*catalog.entries, CatalogEntry(PLUGIN, MODEL), CatalogEntry(PLUGIN, DATA))
    )
