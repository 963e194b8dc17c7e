"""Rows of data from Python: their signature, and the tensors that they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

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

STEP_AXES = 2
"""The axes of a row with values for each step."""


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
        if self.has_text != (signature.vocabulary is not None):
            return False
        inputs = self._inputs(signature.vocabulary)
        if type(inputs) is not type(signature.inputs) or isinstance(inputs, Grid):
            return False
        is_exact = isinstance(inputs, Features)
        if inputs.size > signature.input_size or (is_exact and inputs.size < signature.input_size):
            return False
        return self._targets_fit(signature.outputs)

    def _targets_fit(self, outputs: Outputs) -> bool:
        if self.targets is None or outputs.next_token:
            return self.targets is None and outputs.next_token
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
    forms = list(map(_form, targets))
    other = next((number for number, form in enumerate(forms) if form != forms[0]), None)
    if other is not None:
        raise DataError(
            f"targets of different kinds: row 0 has {_describe(targets[0])}, row {other} has "
            f"{_describe(targets[other])}"
        )
    first: Tensor = targets[0]
    if first.is_floating_point():
        size = first.shape[-1] if first.dim() else 1
        return Values(size, per="step" if first.dim() == STEP_AXES else "sequence")
    size = 1 + max(int(target.max()) for target in targets)
    return Classes(max(size, 2), per="step" if first.dim() == 1 else "sequence")


def _form(target: str | Tensor) -> tuple[object, ...]:
    """Returns what targets of all rows have in common: the kind, and the shape but for steps."""
    if isinstance(target, str):
        return ("text",)
    is_value = target.is_floating_point()
    per_step = target.dim() == (STEP_AXES if is_value else 1)
    return is_value, per_step, target.shape[1:] if per_step else target.shape


def _describe(target: str | Tensor) -> str:
    if isinstance(target, str):
        return f"the text {target!r:.40}"
    numbers = "numbers" if target.is_floating_point() else "integers"
    return f"{numbers} of shape {tuple(target.shape)}" if target.dim() else f"{target.item():g}"


def _encoded_target(target: Any, numbers: dict[str, int]) -> Tensor:
    if isinstance(target, str):
        if target not in numbers:
            known = ", ".join(numbers)
            raise DataError(f"a label that the model does not know: {target!r}; it knows {known}")
        return torch.tensor(numbers[target])
    tensor: Tensor = target
    return tensor[None] if tensor.is_floating_point() and not tensor.dim() else tensor
