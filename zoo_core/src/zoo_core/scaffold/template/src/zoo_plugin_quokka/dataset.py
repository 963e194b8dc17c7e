# [dataset]
"""Sequences of bits, labelled at every step with the parity of the bits so far."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import final

import torch
from torch import Tensor
from zoo_core import Classes, Signature, Tokens, Unknown, Vocabulary
from zoo_core.data.vocabulary import REFUSE
from zoo_core.runtime.datasets.dataset import encode_text
from zoo_core.runtime.datasets.epoch_order import fixed_order
from zoo_core.runtime.datasets.labelled_rows import AbstractLabelledDataset, LabelledRows
from zoo_core.runtime.nn import Batch, Output

from zoo_plugin_quokka.configs import QuokkaDataConfig

BITS = Vocabulary.of("01")


@final
class QuokkaDataset(AbstractLabelledDataset):
    """Every sequence of T bits once, in a random order, split into three.

    Args:
        config: Settings of the dataset.
        vocabulary: Vocabulary of a checkpoint, or None for the two bits.
    """

    example = "01101"

    def __init__(self, config: QuokkaDataConfig, vocabulary: Vocabulary | None) -> None:
        super().__init__("quokka", config)
        self.steps, self.vocabulary = config.steps, vocabulary or BITS

    @property
    def signature(self) -> Signature:
        """Tokens, with a bit as the label of every step."""
        return Signature(
            inputs=Tokens(2), outputs=Classes(2, per="step"), vocabulary=self.vocabulary
        )

    @property
    def fingerprint(self) -> str:
        """The sha256 of the sequences in their order."""
        return hashlib.sha256(self.sequences.numpy().tobytes()).hexdigest()

    @cached_property
    def sequences(self) -> Tensor:
        """The sequences of all splits, (2^T, T)."""
        return (fixed_order(2**self.steps).unsqueeze(1) >> torch.arange(self.steps)) & 1

    def rows(self, split: str) -> LabelledRows:
        """Returns the sequences of a split, (N, T), and their labels, (N, T).

        Raises:
            DataError: There is no such split.
        """
        bits = self.sequences[self.split_slice(len(self.sequences), split)]
        return LabelledRows(bits, bits.cumsum(dim=1) % 2)

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns the tokens of typed bits, (1, T)."""
        return encode_text(value, self.vocabulary, unknown)

    def decode(self, output: Output) -> str:
        """Returns the more likely bit of every step."""
        return self.vocabulary.decode(output.logits[0].argmax(dim=-1).tolist())


# [end]
