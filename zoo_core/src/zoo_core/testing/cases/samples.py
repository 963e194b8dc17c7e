"""A small model and a small dataset, which the checks of trainers use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from typing import Literal, final

import torch
from torch import Tensor, nn

from zoo_core.configs.declare import config, setting
from zoo_core.data.signature import Classes, Keys, Outputs, Signature, Tokens, Values
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
    """Settings of the sample model."""

    hidden_size: int = setting(default=16, at_least=1, help="Width of the hidden state.")


@config
class SampleDataConfig:
    """Settings of the sample data."""

    labels: Literal["next", "step", "sequence", "values", "keys"] = setting(
        default="next", help="What is labelled."
    )


@final
class SampleModel(AbstractModel):
    """Features or one-hot symbols, ``torch.nn.GRU``, dropout, linear output."""

    causal = carries_state = True

    def __init__(self, config: SampleModelConfig, signature: Signature) -> None:
        super().__init__(signature)
        self.gru = nn.GRU(signature.input_size, config.hidden_size, batch_first=True)
        self.dropout = nn.Dropout(0.2)
        self.output = nn.Linear(config.hidden_size, signature.outputs.width)

    def initial_state(self, batch_size: int) -> State:
        """Returns zeros."""
        return (HiddenState(self.output.weight.new_zeros(batch_size, self.gru.hidden_size)),)

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Maps tokens (B, T) or features (B, T, F) to logits (B, T, width), or (B, width)."""
        (before,) = self.initial_state(len(batch.inputs)) if state is None else state
        inputs = batch.inputs
        if not inputs.is_floating_point():
            inputs = nn.functional.one_hot(inputs, self.signature.input_size)
        outputs, after = self.gru(inputs.to(before[0].dtype), before[0].unsqueeze(0))
        if self.signature.outputs.per == "sequence":
            outputs = outputs[:, -1]
        return Output(self.output(self.dropout(outputs)), (HiddenState(after[0]),))


@final
class SampleData(AbstractDataset):
    """Rows of a repeated word, each from another letter on, labelled with the next letters.

    Values are the number of the next letter and its square, keys the bits of that number.

    Both splits hold the same rows.
    """

    splits = ("train", "validation")
    example = WORD[:3]

    def __init__(self, config: SampleDataConfig, vocabulary: Vocabulary | None) -> None:
        self.labels = config.labels
        self.vocabulary = vocabulary or Vocabulary(tuple(WORD))

    @property
    def signature(self) -> Signature:
        """Tokens; only ``labels=next`` declares that the labels are the next symbols."""
        return Signature(
            inputs=Tokens(len(WORD)), outputs=self._outputs(), vocabulary=self.vocabulary
        )

    def _outputs(self) -> Outputs:
        match self.labels:
            case "values":
                return Values(2, per="step", offset=(3.5, 17.5), scale=(2.5, 17.0))
            case "keys":
                return Keys(3, per="step")
            case "sequence":
                return Classes(len(WORD), per="sequence")
        return Classes(len(WORD), per="step", next_token=self.labels == "next")

    @property
    def fingerprint(self) -> str:
        """The hash of the word."""
        return hashlib.sha256(WORD.encode()).hexdigest()

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """Returns the number of batches of an epoch."""
        return self._rows().batch_count(size)

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Returns tokens (B, 5) and their labels, shuffled in training."""
        return self._rows().batches(size, seed, epoch, start)

    def _rows(self) -> LabelledRows:
        """Returns the rows of either split."""
        rows = (torch.arange(6) + torch.arange(ROWS).unsqueeze(1)) % len(WORD)
        return LabelledRows(rows[:, :-1], self._targets(rows))

    def _targets(self, rows: Tensor) -> Tensor:
        """Returns the labels of rows (N, 6): (N,), (N, 5) or (N, 5, size)."""
        following = rows[:, 1:]
        match self.labels:
            case "sequence":
                return rows[:, -1]
            case "values":
                measured = torch.stack([following, following**2], dim=-1)
                return (measured - torch.tensor([3.5, 17.5])) / torch.tensor([2.5, 17.0])
            case "keys":
                return (following.unsqueeze(-1) >> torch.arange(3) & 1).float()
        return following

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns the ids (1, T) of a text."""
        return encode_text(value, self.vocabulary, unknown)

    def decode(self, output: Output) -> str:
        """Returns the likeliest symbols, or the numbers of values and keys."""
        if self.labels in ("values", "keys"):
            return " ".join(f"{number:g}" for number in output.logits.flatten().tolist())
        return self.vocabulary.decode(output.logits[0].argmax(dim=-1).reshape(-1).tolist())


PLUGIN = Plugin("zoo-samples", __name__, "zoo-core", version("zoo-core"))
MODEL = ModelSpec(
    name="sample-model",
    summary="A GRU and dropout.",
    config=f"{__name__}:SampleModelConfig",
    factory=f"{__name__}:SampleModel",
    accepts=("tokens", "features"),
)
DATA = DatasetSpec(
    name="sample-data",
    summary="A repeated word.",
    config=f"{__name__}:SampleDataConfig",
    factory=f"{__name__}:SampleData",
    default_trainer="",
)


def with_samples(catalog: Catalog) -> Catalog:
    """Returns the catalog with the sample model and the sample data added."""
    return catalog._replace(
        entries=(*catalog.entries, CatalogEntry(PLUGIN, MODEL), CatalogEntry(PLUGIN, DATA))
    )
