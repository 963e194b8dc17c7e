"""The signature: the inputs and outputs of a model.

A dataset makes it, a model is built from it, and a checkpoint contains it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, NamedTuple, TypeAlias, final

from zoo_core.configs.records import Count, read_record
from zoo_core.data.tokenizer import CHARACTERS, tokenizer_from_json
from zoo_core.data.vocabulary import Unknown, Vocabulary
from zoo_core.errors import DataError, IntegrityError

Per: TypeAlias = Literal["step", "sequence"]


@final
@dataclass(frozen=True)
class Tokens:
    """Ids below ``size``, shaped (B, T)."""

    size: Count
    kind: Literal["tokens"] = "tokens"


@final
@dataclass(frozen=True)
class Features:
    """Vectors of ``size`` numbers, shaped (B, T, F)."""

    size: Count
    kind: Literal["features"] = "features"


@final
@dataclass(frozen=True)
class Grid:
    """Numbers on a grid, shaped (B, C, *sizes): a signal, an image, a video."""

    channels: Count
    sizes: tuple[Count, ...]
    kind: Literal["grid"] = "grid"


Inputs: TypeAlias = Tokens | Features | Grid
INPUTS: dict[str, type[Inputs]] = {"tokens": Tokens, "features": Features, "grid": Grid}
"""The class of each kind of inputs."""


@final
@dataclass(frozen=True, kw_only=True)
class Signature:
    """The inputs and outputs of a model.

    Args:
        inputs: Tokens, features or a grid.
        classes: Number of labels to choose from.
        per: Whether every step or the whole sequence has a label.
        vocabulary: Symbols of the tokens, if the inputs are tokens.
        next_symbol: Whether the label is the next symbol, so that a model can generate text.
    """

    inputs: Inputs
    classes: int
    per: Per
    vocabulary: Vocabulary | None = None
    next_symbol: bool = False

    @property
    def input_size(self) -> int:
        """V of tokens, F of features, C of a grid."""
        return self.inputs.channels if isinstance(self.inputs, Grid) else self.inputs.size

    def describe(self) -> str:
        """Returns the signature in words, for errors and lists."""
        return f"{self.inputs.kind} with a label per {self.per}"

    def describe_sizes(self) -> str:
        """Returns the signature with its sizes: ``grid of 1 × 8 × 8, a label of 10 per step``."""
        inputs = self.inputs
        sizes = (inputs.channels, *inputs.sizes) if isinstance(inputs, Grid) else (inputs.size,)
        label = "the next symbol" if self.next_symbol else "a label"
        size = " × ".join(map(str, sizes))
        return f"{inputs.kind} of {size}, {label} of {self.classes} per {self.per}"

    def fits(self, other: Signature) -> bool:
        """Returns whether a model of this signature can be evaluated on data of the other.

        Symbols are not compared.
        """
        return replace(self, vocabulary=None) == replace(other, vocabulary=None)

    def with_unknown_symbols(self, policy: Unknown) -> Signature:
        """Returns this signature with a vocabulary that treats unknown symbols by a policy."""
        if self.vocabulary is None:
            return self
        return replace(self, vocabulary=replace(self.vocabulary, policy=policy))

    def to_json(self) -> dict[str, Any]:
        """Returns the signature as JSON values."""
        values = asdict(replace(self, vocabulary=None))
        if self.vocabulary is not None:
            values["vocabulary"] = list(self.vocabulary.symbols)
            if self.vocabulary.tokenizer != CHARACTERS:
                values["tokenizer"] = self.vocabulary.tokenizer.to_json()
        return values

    @classmethod
    def from_json(cls, values: object) -> Signature:
        """Returns the signature that ``to_json`` wrote.

        Raises:
            IntegrityError: The values are not those of a signature.
        """
        try:
            return _read_signature(values)
        except (DataError, IntegrityError) as error:
            raise IntegrityError(f"not a signature: {error}") from None


@final
class _SignatureRecord(NamedTuple):
    """A signature as JSON holds it."""

    inputs: dict[str, Any]
    classes: Count
    per: Per
    vocabulary: list[str] | None
    next_symbol: bool
    tokenizer: dict[str, Any] | None = None


def _read_signature(values: object) -> Signature:
    """Returns a signature from its JSON values.

    Raises:
        DataError: The vocabulary is empty or has a symbol twice.
        IntegrityError: A value is missing or wrong, or a size is not that of the vocabulary.
    """
    record = read_record(_SignatureRecord, values, allow_unknown=True)
    kind = record.inputs.get("kind")
    inputs_class = INPUTS.get(kind) if isinstance(kind, str) else None
    if inputs_class is None:
        raise IntegrityError(f"inputs.kind = {kind!r}: expected {' or '.join(INPUTS)}")
    inputs: Inputs = read_record(inputs_class, record.inputs, key="inputs")
    vocabulary = None
    if record.vocabulary is not None:
        vocabulary = Vocabulary(tuple(record.vocabulary))
        if record.tokenizer is not None:
            vocabulary = replace(vocabulary, tokenizer=tokenizer_from_json(record.tokenizer))
        _check_size(vocabulary, 0 if isinstance(inputs, Grid) else inputs.size)
        if record.next_symbol:
            _check_size(vocabulary, record.classes)
    return Signature(
        inputs=inputs,
        classes=record.classes,
        per=record.per,
        vocabulary=vocabulary,
        next_symbol=record.next_symbol,
    )


def _check_size(vocabulary: Vocabulary, size: int) -> None:
    """Raises IntegrityError if a size is not the number of symbols."""
    if size != len(vocabulary):
        raise IntegrityError(f"a size of {size} for a vocabulary of {len(vocabulary)} symbols")
