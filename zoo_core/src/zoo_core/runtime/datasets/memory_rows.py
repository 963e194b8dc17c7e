"""Rows that a Python program hands over: what they may be, and the tensors that they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import torch
from torch import Tensor

from zoo_core.data.signature import (
    Classes,
    Features,
    Grid,
    Inputs,
    Outputs,
    Signature,
    Tokens,
    Values,
)
from zoo_core.data.vocabulary import Unknown, Vocabulary
from zoo_core.errors import DataError
from zoo_core.storage.hashes import sha256_of_fields

Data: TypeAlias = Any
"""Data from Python; see ``memory_rows`` for what it may be."""
EXPECTED = (
    "expected a list of texts, a list of (text, label) pairs, a DataFrame with the names of its "
    "columns, a tuple (inputs, targets) of arrays or tensors, or a torch dataset of such pairs"
)
STEP_AXES = 2


@final
@dataclass(frozen=True, eq=False)
class MemoryRows:
    """Rows with their targets.

    Args:
        inputs: The input of each row: a text, tokens (T,) or features (T, F).
        targets: The target of each row: a label, a class, classes (T,), values (N,) or (T, N);
            None of a text whose next symbols are its targets.
    """

    inputs: list[str] | list[Tensor]
    targets: list[Any] | None

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def has_text(self) -> bool:
        """Whether the inputs are texts."""
        return isinstance(self.inputs[0], str)

    def signature(self, vocabulary: Vocabulary | None = None) -> Signature:
        """Returns the signature of the rows.

        Args:
            vocabulary: The vocabulary of a checkpoint; by default the sorted symbols of the texts.

        Raises:
            DataError: The targets are of different kinds, or there is one label only.
        """
        if self.has_text and vocabulary is None:
            vocabulary = Vocabulary.of(symbol for text in self.inputs for symbol in text)
        inputs = self._inputs(vocabulary)
        if self.targets is None:
            assert vocabulary is not None, "texts have a vocabulary"
            size = len(vocabulary)
            outputs: Outputs = Classes(size, per="step", next_token=True)
        else:
            outputs = _outputs(self.targets)
        return Signature(inputs=inputs, outputs=outputs, vocabulary=vocabulary)

    def fits(self, signature: Signature) -> bool:
        """Whether a model of a signature can be evaluated on the rows; symbols are not compared."""
        inputs = self._inputs(signature.vocabulary)
        if type(inputs) is not type(signature.inputs) or isinstance(inputs, Grid):
            return False
        is_exact = isinstance(inputs, Features)
        if inputs.size > signature.input_size or (is_exact and inputs.size < signature.input_size):
            return False
        return self._targets_fit(signature.outputs)

    def _targets_fit(self, outputs: Outputs) -> bool:
        if self.targets is None:
            return outputs.next_token
        has_labels = isinstance(self.targets[0], str)
        if has_labels or outputs.names:
            return has_labels and bool(outputs.names)
        own = _outputs(self.targets)
        if (own.kind, own.per) != (outputs.kind, outputs.per):
            return False
        return own.size <= outputs.size if isinstance(own, Classes) else own.size == outputs.size

    def _inputs(self, vocabulary: Vocabulary | None) -> Inputs:
        if vocabulary is not None:
            return Tokens(len(vocabulary))
        first = self.inputs[0]
        assert isinstance(first, Tensor), "what has no vocabulary is a tensor"
        if first.dim() == 1:
            return Tokens(1 + max(int(row.max()) for row in self.inputs))  # type: ignore[union-attr]
        return Features(first.shape[1])

    def encoded(
        self, signature: Signature, policy: Unknown | None = None
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Returns inputs and targets as tensors, row by row.

        Args:
            signature: The signature, of these rows or of a checkpoint.
            policy: What to do with symbols that its vocabulary lacks; None for its own policy.

        Raises:
            DataError: A symbol, a label or a size is not one of the signature's.
        """
        inputs = [self._encoded_input(row, signature, policy) for row in self.inputs]
        if self.targets is None:
            return [row[:-1] for row in inputs], [row[1:] for row in inputs]
        numbers = {name: number for number, name in enumerate(signature.outputs.names)}
        targets = [_encoded_target(target, numbers) for target in self.targets]
        return inputs, targets

    def _encoded_input(
        self, row: str | Tensor, signature: Signature, policy: Unknown | None
    ) -> Tensor:
        if isinstance(row, str):
            assert signature.vocabulary is not None, "texts have a vocabulary"
            return torch.tensor(signature.vocabulary.encode(row, policy))
        return row

    @property
    def fingerprint(self) -> str:
        """The sha256 of the rows."""
        return sha256_of_fields(
            value.numpy().tobytes() if isinstance(value, Tensor) else str(value).encode()
            for value in (*self.inputs, *(self.targets or ()))
        )


def memory_rows(data: Data, *, text_column: str = "", label_column: str = "") -> MemoryRows:
    """Returns the rows of data from Python.

    Args:
        data: A list of texts, whose next symbols are the targets; a list of (text, label) pairs; a
            DataFrame, or anything else with ``columns``; a tuple (inputs, targets) of arrays or
            tensors with as many rows: inputs (B, T, F) or tokens (B, T), targets (B,) or (B, T) for
            integers, (B,), (B, N) or (B, T, N) for floats; a torch dataset of such pairs, whose
            rows may differ in length.
        text_column: The column of a DataFrame that holds the texts.
        label_column: Its column of labels; empty for texts alone.

    Raises:
        DataError: The data is none of these, or empty.
    """
    names = getattr(data, "columns", None)
    if names is not None:
        return _frame_rows(data, [str(name) for name in names], text_column, label_column)
    if isinstance(data, tuple) and len(data) == 2 and not isinstance(data[0], str | tuple):
        inputs, targets = map(_items, data)
        return _checked_rows(list(map(_as_input, inputs)), list(map(_as_target, targets)))
    return _item_rows(_items(data))


def _items(data: Any) -> list[Any]:
    """Returns what is in a list, an array or a torch dataset; text is none of these.

    Raises:
        DataError: It is none of these.
    """
    try:
        if not isinstance(data, str | bytes):
            return [data[index] for index in range(len(data))]
    except (TypeError, KeyError, IndexError):
        pass
    raise DataError(f"data of the type {type(data).__name__}: {EXPECTED}")


def _frame_rows(frame: Any, names: Sequence[str], text: str, label: str) -> MemoryRows:
    for option, name in {"text_column": text, "label_column": label}.items():
        if name not in names and (name or option == "text_column"):
            known = ", ".join(names)
            raise DataError(f"{option} = {name!r}: the data has no such column; it has {known}")
    texts = [_text_of(value, number, text) for number, value in enumerate(frame[text])]
    return _checked_rows(texts, [_as_target(value) for value in frame[label]] if label else None)


def _text_of(value: Any, number: int, column: str) -> str:
    if isinstance(value, str) and value:
        return value
    raise DataError(f"row {number} of the data has no text in the column {column!r}: {value!r:.40}")


def _item_rows(items: Sequence[Any]) -> MemoryRows:
    if items and all(isinstance(item, str) for item in items):
        return _checked_rows([item for item in items if len(item) > 1], None)
    pairs = [item for item in items if isinstance(item, tuple | list) and len(item) == 2]
    if len(pairs) < len(items) or not items:
        wrong = next((item for item in items if item not in pairs), None)
        raise DataError(
            f"data with an item {str(wrong)!r:.60}: {EXPECTED}" if items else f"no data: {EXPECTED}"
        )
    inputs = [_as_input(value) for value, _ in pairs]
    return _checked_rows(inputs, [_as_target(target) for _, target in pairs])


def _checked_rows(inputs: list[Any], targets: list[Any] | None) -> MemoryRows:
    """Returns rows of one kind.

    Raises:
        DataError: There are none, they are of different kinds, or there are more or fewer targets.
    """
    if not inputs:
        raise DataError("no data: there is no row, or no text of two symbols")
    if targets is not None and len(targets) != len(inputs):
        raise DataError(f"{len(inputs)} inputs and {len(targets)} targets: expected as many")
    kinds = {_kind(row) for row in inputs}
    if len(kinds) > 1:
        raise DataError(f"inputs of different kinds: {' and '.join(sorted(kinds))}")
    empty = [number for number, row in enumerate(inputs) if not len(row)]
    if empty:
        raise DataError(f"row {empty[0]} of the data is empty")
    return MemoryRows(inputs, targets)


def _kind(row: str | Tensor) -> str:
    if isinstance(row, str):
        return "text"
    return "tokens" if row.dim() == 1 else f"features of {row.shape[1]}"


def _as_input(value: Any) -> str | Tensor:
    """Returns the input of a row: a text, tokens (T,) as int64, or features (T, F) as float32.

    Raises:
        DataError: It is something else, of another shape, or a number is not finite.
    """
    if isinstance(value, str):
        return value
    row = _tensor(value)
    if row.dim() == 1 and not row.is_floating_point():
        return row.long()
    if row.dim() != 2:
        shape = tuple(row.shape)
        raise DataError(f"a row of shape {shape}: expected features (T, F), or integers (T,)")
    row = row.float()
    if not torch.isfinite(row).all():
        raise DataError("an input is infinite or not a number; fill it in, or leave the row out")
    return row


def _as_target(value: Any) -> Any:
    """Returns a label as text, and numbers as a tensor."""
    if isinstance(value, str | bool):
        return str(value)
    target = _tensor(value)
    return target.float() if target.is_floating_point() else target.long()


def _tensor(value: Any) -> Tensor:
    try:
        return torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError):
        raise DataError(f"{str(value)!r:.60} is no text, number or array: {EXPECTED}") from None


def _outputs(targets: Sequence[Any]) -> Outputs:
    """Returns the outputs that targets need.

    Raises:
        DataError: They are of different kinds, or there is one label only.
    """
    if all(isinstance(target, str) for target in targets):
        names = tuple(sorted(set(targets)))
        if len(names) < 2:
            raise DataError(
                f"all rows have the label {names[0]!r}; a classifier needs two at least"
            )
        return Classes(len(names), per="sequence", names=names)
    if not all(isinstance(target, Tensor) for target in targets):
        raise DataError("targets of different kinds: some are texts, some are numbers")
    first: Tensor = targets[0]
    if (
        len({(target.dim(), target.is_floating_point(), target.shape[1:]) for target in targets})
        > 1
    ):
        raise DataError("targets of different kinds or shapes")
    if first.is_floating_point():
        size = first.shape[-1] if first.dim() else 1
        return Values(size, per="step" if first.dim() == STEP_AXES else "sequence")
    size = 1 + max(int(target.max()) for target in targets)
    return Classes(max(size, 2), per="step" if first.dim() == 1 else "sequence")


def _encoded_target(target: Any, numbers: dict[str, int]) -> Tensor:
    if isinstance(target, str):
        if target not in numbers:
            known = ", ".join(numbers)
            raise DataError(f"a label that the model does not know: {target!r}; it knows {known}")
        return torch.tensor(numbers[target])
    tensor: Tensor = target
    return tensor[None] if tensor.is_floating_point() and not tensor.dim() else tensor


def sample_rows() -> MemoryRows:
    """Returns a few rows made by a rule: words, labelled by their first letter."""
    words = [
        f"{letter}{other * count}" for letter in "ab" for other in "xyz" for count in range(1, 9)
    ]
    return memory_rows([(word, word[0]) for word in words])
