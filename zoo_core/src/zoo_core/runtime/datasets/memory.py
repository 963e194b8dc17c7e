"""Data that a Python program hands over, which no checkpoint keeps."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol, final

import torch
from torch import Tensor

from zoo_core.data.signature import Classes, Features, Keys, Signature
from zoo_core.data.vocabulary import REFUSE, Unknown, Vocabulary
from zoo_core.errors import DataError, MisfitError
from zoo_core.runtime.datasets.answers import in_words
from zoo_core.runtime.datasets.dataset import encode_text
from zoo_core.runtime.datasets.epoch_order import fixed_order
from zoo_core.runtime.datasets.labelled_rows import AbstractLabelledDataset
from zoo_core.runtime.datasets.memory_rows import MemoryRows
from zoo_core.runtime.datasets.python_data import as_tensor, sample_rows
from zoo_core.runtime.datasets.ragged_rows import RaggedRows
from zoo_core.runtime.datasets.splits import SplitFractions
from zoo_core.runtime.datasets.stratified import stratified_splits
from zoo_core.runtime.nn.batch import Batch, Output

MEMORY = "memory"
"""The name of the dataset."""
MAX_EXAMPLE_LENGTH = 60
"""Symbols of an example, which shares a line with a command."""
DIGITS = 6
"""Digits of a number that is shown."""


class MemoryConfig(SplitFractions, Protocol):
    """Settings of data from Python."""

    @property
    def steps(self) -> int:
        """Most steps of a row whose targets are its next symbols; longer texts are cut."""

    @property
    def sample(self) -> bool:
        """Whether a few made rows take the place of data from Python."""


@final
class MemoryDataset(AbstractLabelledDataset):
    """Rows that a Python program hands over.

    A checkpoint keeps the signature of the data: vocabulary, names of labels and sizes. That is
    enough to predict. To evaluate or to resume, the rows must be handed over again.

    Rows are split at random, once for all, with the same share of every label in each split; equal
    texts are in one split.

    Args:
        config: Settings of the splits.
        vocabulary: Vocabulary of a checkpoint, or None for the sorted symbols of the rows.
    """

    def __init__(self, config: MemoryConfig, vocabulary: Vocabulary | None) -> None:
        super().__init__(MEMORY, config)
        self.config, self._checkpoint_vocabulary = config, vocabulary
        self._checkpoint: Signature | None = None
        self._held: MemoryRows | None = sample_rows() if config.sample else None

    def adopt(self, signature: Signature) -> None:
        """Takes over the signature of a checkpoint."""
        self._checkpoint = signature

    def hold(self, rows: MemoryRows) -> None:
        """Takes the rows of a Python program; call it before anything else."""
        self._held = rows

    @property
    def held(self) -> MemoryRows:
        """The rows.

        Raises:
            MisfitError: There are none.
        """
        if self._held is None:
            raise MisfitError(
                "this is data from Python, which a checkpoint does not keep: it can predict, but "
                "to evaluate or resume, hand the data over: zoo_core.evaluate(checkpoint, "
                "data=...), zoo_core.resume(folder, data=...)"
            )
        return self._held

    @cached_property
    def signature(self) -> Signature:
        """That of the checkpoint, or that of the rows."""
        return self._checkpoint or self.held.signature(self._checkpoint_vocabulary)

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of the rows."""
        return self.held.fingerprint

    @property
    def example(self) -> str:
        """The first row, as ``encode`` reads it."""
        first = self.held.inputs[0]
        return first[:MAX_EXAMPLE_LENGTH] if isinstance(first, str) else _as_text(first)

    @cached_property
    def _split_rows(self) -> dict[str, list[int]]:
        """The numbers of the rows of each split."""
        rows = self.held
        if rows.has_text and self.signature.outputs.names:
            labels = list(map(str, rows.targets or ()))
            return stratified_splits(list(map(str, rows.inputs)), labels, self.fractions)
        if rows.has_text:
            texts = list(map(str, rows.inputs))
            return stratified_splits(texts, [""] * len(texts), self.fractions)
        order = fixed_order(len(rows)).tolist()
        return {split: sorted(order[self.split_slice(len(order), split)]) for split in self.splits}

    @cached_property
    def _encoded(self) -> tuple[list[Tensor], list[Tensor]]:
        return self.held.encoded(self.signature)

    def rows(self, split: str) -> RaggedRows:
        """Returns the rows of a split and their targets.

        Raises:
            DataError: The split is empty, there is no such split, or a symbol or label is unknown.
            MisfitError: No data was handed over.
        """
        self.split_slice(0, split)  # checks the name
        inputs, targets = self._encoded
        per_step = self.signature.outputs.per == "step"
        steps = self.config.steps if self.signature.outputs.next_token else None
        pieces: list[tuple[Tensor, Tensor]] = []
        for row in self._split_rows[split]:
            length = len(inputs[row])
            for start in range(0, length, steps or max(length, 1)):
                chosen = slice(start, start + steps if steps else None)
                target = targets[row][chosen] if steps else targets[row]
                pieces.append((inputs[row][chosen], target))
        if not pieces:
            raise DataError(_empty_split_message(split, len(inputs)))
        return RaggedRows(
            [piece for piece, _ in pieces], [target for _, target in pieces], per_step
        )

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns a typed input as a batch of one.

        A text where the data is text; otherwise numbers, of features with ; between the steps.

        Raises:
            DataError: The input cannot be encoded.
        """
        if self.signature.vocabulary is not None:
            return encode_text(value, self.signature.vocabulary, unknown)
        inputs = self.signature.inputs
        width = inputs.size if isinstance(inputs, Features) else 1
        steps = [part.replace(",", " ").split() for part in value.split(";") if part.strip()]
        if width == 1:
            steps = [[number] for part in steps for number in part]
        try:
            row = torch.tensor([[float(number) for number in step] for step in steps])
        except ValueError:
            row = torch.empty(0)
        if row.dim() != 2 or row.shape[1] != width:
            words = f"{width} numbers, with ; between the steps" if width > 1 else "numbers"
            raise DataError(f"expected steps of {words}")
        return self._batch(row[None] if isinstance(inputs, Features) else row[None, :, 0])

    def encode_array(self, value: Any) -> tuple[Batch, bool]:
        """Returns numbers as a batch, and whether they are those of one input.

        Args:
            value: An array or tensor of one input, features (T, F) or tokens (T,), or of several,
                (B, T, F) or (B, T).

        Raises:
            DataError: It has another shape, or numbers that the model cannot read.
            MisfitError: The data is text.
        """
        if self.signature.vocabulary is not None:
            raise MisfitError("this model reads text: give a text or a list of texts, no array")
        rows, inputs = as_tensor(value), self.signature.inputs
        shape = tuple(rows.shape)
        if isinstance(inputs, Features):
            axes, fits = 2, shape[-1:] == (inputs.size,)
            expected = f"(T, {inputs.size}) or (B, T, {inputs.size})"
        else:
            axes, fits, expected = 1, True, "(T,) or (B, T)"
        if not rows.numel():
            raise DataError(f"an array of shape {shape} is empty: expected {expected}")
        if not fits or len(shape) not in (axes, axes + 1):
            raise DataError(f"an array of shape {shape}: expected {expected}")
        is_one = len(shape) == axes
        return self._batch(rows[None] if is_one else rows), is_one

    def _batch(self, rows: Tensor) -> Batch:
        """Returns features (B, T, F) or tokens (B, T) as a batch.

        Raises:
            DataError: There are tokens that the model does not know, or numbers that are not
                finite.
        """
        if isinstance(self.signature.inputs, Features):
            features = rows.float()  # in which a number beyond its range is infinite
            if not torch.isfinite(features).all():
                raise DataError("an input is infinite or not a number")
            return Batch(features)
        ids, last = rows.long(), self.signature.input_size - 1
        if not (ids == rows).all() or not 0 <= int(ids.min()) <= int(ids.max()) <= last:
            raise DataError(f"expected tokens from 0 to {last}")
        return Batch(ids)

    def decode(self, output: Output) -> str:
        """Returns the likeliest classes or keys by name or number, or the values."""
        outputs, logits = self.signature.outputs, output.logits[0]
        if isinstance(outputs, Keys):
            return in_words(self.signature, output)
        if not isinstance(outputs, Classes):
            return _as_text(logits if logits.dim() == 2 else logits[None])
        likeliest = logits.argmax(dim=-1).reshape(-1).tolist()
        if outputs.next_token and self.signature.vocabulary is not None:
            return self.signature.vocabulary.decode(likeliest)
        return " ".join(
            outputs.names[index] if outputs.names else str(index) for index in likeliest
        )


def _empty_split_message(split: str, rows: int) -> str:
    if split == "train":
        remedy, held_out = "give more rows, or hold out none of them", "validation"
    else:
        remedy, held_out = "hold out more of them, or none", split
    return (
        f"split {split} is empty, the number of all rows is {rows}; {remedy}: "
        f'settings={{"dataset": {{"{held_out}": 0.0}}}}'
    )


def _as_text(row: Tensor) -> str:
    """Returns tokens (T,) or features (T, F) as text that ``encode`` reads."""
    if row.dim() == 1:
        return " ".join(map(str, row.tolist()))
    steps = [" ".join(f"{number:.{DIGITS}g}" for number in step) for step in row.tolist()]
    return (" " if row.shape[1] == 1 else "; ").join(steps)
