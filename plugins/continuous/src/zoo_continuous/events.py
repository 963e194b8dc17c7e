"""Bits that are given as events at irregular times, and a label that depends on the times."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from functools import cached_property
from itertools import groupby
from typing import final

import torch
from torch import Tensor

from zoo_continuous.configs import EventsConfig
from zoo_core import Classes, Features, Signature, Unknown, Vocabulary
from zoo_core.data.signature import ELAPSED
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.labelled_rows import AbstractLabelledDataset
from zoo_core.runtime.datasets.ragged_rows import RaggedRows
from zoo_core.runtime.datasets.splits import check_split_not_empty
from zoo_core.runtime.nn import Batch, Output
from zoo_core.storage.capacity import ensure_free_memory

FEATURES = ("bit", ELAPSED)
TIME_UNIT = 32
"""Bits of a unit of time, as in the paper's data."""
ROW_BYTES = 1000
"""The memory of a row, about: its text, and the tensors of its events and its label."""


def event_xor(config: EventsConfig, vocabulary: Vocabulary | None) -> EventsDataset:
    """Rows whose label is the parity of their ones."""

    def parity(bits: str) -> int:
        return bits.count("1") % 2

    return EventsDataset(config, name="event-xor", labels=("even", "odd"), label=parity)


def event_majority(config: EventsConfig, vocabulary: Vocabulary | None) -> EventsDataset:
    """Rows whose label is whether they have more ones than zeros."""

    def majority(bits: str) -> int:
        return int(2 * bits.count("1") > len(bits))

    return EventsDataset(config, name="event-majority", labels=("fewer", "more"), label=majority)


@final
class EventsDataset(AbstractLabelledDataset):
    """Rows of bits as events, with a label that needs all bits.

    An event stands for a change of the bit, and has the new bit and the time since the event before
    it: ``0 0 0 1 1`` is (0, 1/32), (1, 3/32), (1, 1/32), where the last event is the end of the
    row. So the label depends on the times.

    Source: Lechner & Hasani (2020), Learning Long-Term Dependencies in Irregularly-Sampled Time
    Series; the rows of their program have 2 to 31 bits, and 100,000 are for training. There every
    length is equally frequent, so that short rows repeat, in both splits. Here no two splits share
    a row, and rows repeat in training alone, with the setting ``repeats``.

    Args:
        config: Settings of the dataset.
        name: Name of the dataset.
        labels: The names of the labels.
        label: Returns the number of the label of a row of bits.
    """

    def __init__(
        self,
        config: EventsConfig,
        *,
        name: str,
        labels: tuple[str, ...],
        label: Callable[[str], int],
    ) -> None:
        super().__init__(name, config)
        self.config, self.labels, self._label = config, labels, label

    @cached_property
    def bits(self) -> list[str]:
        """The rows: ``0110``.

        Raises:
            DeviceError: They do not fit into the free memory.
        """
        rows = self.config.rows
        ensure_free_memory(rows * ROW_BYTES, self.name, "ask for fewer rows (--dataset.rows)")
        generator = random.Random(self.config.seed)  # the same for a seed in every process
        training = self.split_slice(rows, "train").stop if self.config.repeats else 0
        drawn: list[str] = []
        seen: set[str] = set()
        while len(drawn) < rows:
            length = generator.randint(2, self.config.max_bits)
            row = f"{generator.getrandbits(length):0{length}b}"
            if len(drawn) < training or row not in seen:
                drawn.append(row)
                seen.add(row)
        return drawn

    @property
    def signature(self) -> Signature:
        """A bit and a time for each step, and one of two labels for the row."""
        return Signature(
            inputs=Features(len(FEATURES), names=FEATURES), outputs=Classes(2, names=self.labels)
        )

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of the rows and of whether they have times."""
        lines = [self.name, *self.bits, str(self.config.times)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @property
    def example(self) -> str:
        """The first row."""
        return self.bits[0]

    def rows(self, split: str) -> RaggedRows:
        """Returns the rows of a split, (T, 2) each.

        Raises:
            DataError: The split is empty, or there is no such split.
        """
        chosen = self.bits[self.split_slice(len(self.bits), split)]
        check_split_not_empty(len(chosen), split, self.name)
        labels = [torch.tensor(self._label(row)) for row in chosen]
        return RaggedRows([self._events(row) for row in chosen], labels)

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns the events of typed bits, (1, T, 2).

        Raises:
            DataError: The text is empty, or holds something else than 0, 1 and blanks.
        """
        bits = "".join(value.split())
        if not bits or set(bits) - {"0", "1"}:
            raise DataError(f"{value!r:.80} is not a row of bits; expected 0 and 1, such as 01101")
        return Batch(self._events(bits)[None])

    def decode(self, output: Output) -> str:
        """Returns the name of the likelier label."""
        return self.labels[int(output.logits[0].argmax())]

    def _events(self, bits: str) -> Tensor:
        """Returns the events of bits, (T, 2): the new bit, and the time since the event before."""
        runs = [(int(bit), len(list(run))) for bit, run in groupby(bits)]
        events, since = [], 1
        for bit, length in runs:
            events.append((bit, since))
            since = length
        if since > 1:  # the row goes on after its last change
            events.append((runs[-1][0], since - 1))
        features = torch.tensor(events, dtype=torch.float32)
        if not self.config.times:
            features[:, 1] = 1
        features[:, 1] /= TIME_UNIT
        return features
