"""The signature: the inputs and outputs of a model.

A dataset makes it, a model is built from it, and a checkpoint contains it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from operator import index
from typing import Any, Literal, NamedTuple, SupportsIndex, TypeAlias, TypeVar, final

from zoo_core.configs.records import Count, read_record
from zoo_core.data.tokenizer import CHARACTERS, tokenizer_from_json
from zoo_core.data.vocabulary import Unknown, Vocabulary
from zoo_core.errors import DataError, IntegrityError

Per: TypeAlias = Literal["step", "sequence"]
ELAPSED = "elapsed"
"""The name of a feature that is the time since the step before, in a unit of the dataset."""


@final
@dataclass(frozen=True)
class Tokens:
    """Ids below ``size``, shaped (B, T)."""

    size: Count
    kind: Literal["tokens"] = "tokens"


@final
@dataclass(frozen=True)
class Features:
    """Vectors of ``size`` numbers, shaped (B, T, F).

    Args:
        size: F.
        names: The name of each number; empty if they have none.
        offset: What was subtracted from each number before it was divided by its scale; empty if
            they are as they were measured.
        scale: What each number was divided by.
    """

    size: Count
    names: tuple[str, ...] = ()
    offset: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    kind: Literal["features"] = "features"

    def __post_init__(self) -> None:
        for name in ("names", "offset", "scale"):
            if len(getattr(self, name)) not in (0, self.size):
                raise DataError(f"{len(getattr(self, name))} {name} for {self.size} features")

    @property
    def elapsed(self) -> int | None:
        """The index of the time since the step before, the feature that is named ``elapsed``.

        None if there is none, or nothing beside it.
        """
        return self.names.index(ELAPSED) if ELAPSED in self.names and self.size > 1 else None


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


@dataclass(frozen=True)
class AbstractOutputs(ABC):
    """What a model predicts for every step or for the whole sequence.

    Args:
        size: The number of classes, values or keys.
        per: Whether every step or the whole sequence has a target.
        next_token: Whether the targets are the inputs one step later, so that a model can
            continue a sequence.
        names: The name of each class, value or key; empty if they have none.
    """

    size: Count
    per: Per = "sequence"
    next_token: bool = False
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_lengths(self, "names")

    @property
    def width(self) -> int:
        """The numbers that a model computes for each target: the last axis of its logits."""
        return self.size

    @abstractmethod
    def describe_sizes(self) -> str:
        """Returns the outputs with their size, such as ``one of 10 labels per step``."""


@final
@dataclass(frozen=True)
class Classes(AbstractOutputs):
    """One of ``size`` classes. Targets are integers (B, T) or (B,), 0 to ``size`` - 1.

    Args:
        counts: How often each class is a target of the training data; empty if it is not counted.
    """

    counts: tuple[int, ...] = ()
    kind: Literal["classes"] = "classes"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_lengths(self, "counts")

    def describe_sizes(self) -> str:
        """Returns the outputs with their size, such as ``one of 10 labels per step``."""
        if self.next_token:
            return f"the next of {self.size} symbols per {self.per}"
        return f"one of {self.size} labels per {self.per}"


@final
@dataclass(frozen=True)
class Values(AbstractOutputs):
    """``size`` real numbers. Targets are floats (B, T, ``size``) or (B, ``size``), NaN for none.

    Args:
        offset: What was subtracted from each value before it was divided by its scale; empty if
            the targets are as they were measured. Metrics and predictions undo both.
        scale: What each value was divided by.
        naive_error: The mean absolute error of the naive forecast of each value on the training
            data, as measured; the metric ``mase`` is relative to it. Empty for no such metric.
        quantiles: The quantiles that the model predicts of each value; empty for the value alone.
    """

    offset: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    naive_error: tuple[float, ...] = ()
    quantiles: tuple[float, ...] = ()
    kind: Literal["values"] = "values"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_lengths(self, "offset", "scale", "naive_error")

    @property
    def width(self) -> int:
        """The numbers that a model computes: for each value one, or one for each quantile.

        The quantiles of one value stand side by side.
        """
        return self.size * max(1, len(self.quantiles))

    def describe_sizes(self) -> str:
        """Returns the outputs with their size, such as ``2 values per sequence``."""
        noun = "value" if self.size == 1 else "values"
        text = f"{self.size} {noun} per {self.per}"
        return f"the next {text}" if self.next_token else text


@final
@dataclass(frozen=True)
class Keys(AbstractOutputs):
    """Any number of ``size`` keys at once. Targets are 0 or 1, floats as those of ``Values``."""

    kind: Literal["keys"] = "keys"

    def describe_sizes(self) -> str:
        """Returns the outputs with their size, such as ``any of 88 keys per step``."""
        text = f"any of {self.size} keys per {self.per}"
        return f"next {text}" if self.next_token else text


@final
@dataclass(frozen=True)
class Custom(AbstractOutputs):
    """``size`` numbers with targets of any form, for a trainer that knows them.

    Targets are a tensor, or tuples, lists and dicts of tensors; the first axis of each is B.

    Args:
        targets: A name of the form, which dataset and trainer share.
    """

    targets: str = ""
    kind: Literal["custom"] = "custom"

    def describe_sizes(self) -> str:
        """Returns the outputs with their size, such as ``4 numbers for boxes per sequence``."""
        return f"{self.size} numbers for {self.targets or 'its trainer'} per {self.per}"


def _describe_inputs(inputs: Inputs) -> str:
    """Returns inputs with their size, such as ``tokens from 28 symbols``."""
    if isinstance(inputs, Tokens):
        return f"tokens from {inputs.size} symbols"
    if isinstance(inputs, Features):
        return "1 feature" if inputs.size == 1 else f"{inputs.size} features"
    return f"a grid of {' × '.join(map(str, (inputs.channels, *inputs.sizes)))}"


def _check_lengths(outputs: AbstractOutputs, *names: str) -> None:
    """Raises DataError if a field is neither empty nor has an entry for each output."""
    for name in names:
        length = len(getattr(outputs, name))
        if length not in (0, outputs.size):
            raise DataError(f"{length} {name} for {outputs.size} outputs")


def _check_sizes(part: Inputs | AbstractOutputs, *sizes: SupportsIndex) -> None:
    """Raises DataError if a size is no integer from 1 on."""
    for size in sizes:
        if not isinstance(size, SupportsIndex) or index(size) < 1:
            raise DataError(f"{part!r:.80}: expected integers >= 1 as sizes")


Outputs: TypeAlias = Classes | Values | Keys | Custom
OUTPUTS: dict[str, type[Outputs]] = {
    "classes": Classes,
    "values": Values,
    "keys": Keys,
    "custom": Custom,
}
"""The class of each kind of outputs."""
OUTPUT_NOUNS = {"classes": "labels", "values": "values", "keys": "keys", "custom": "own targets"}
"""What messages call each kind of outputs."""


@final
@dataclass(frozen=True, kw_only=True)
class Signature:
    """The inputs and outputs of a model.

    Args:
        inputs: Tokens, features or a grid.
        outputs: Classes, values, keys or a trainer's own outputs.
        vocabulary: Symbols of the tokens, if the inputs are tokens.
        context: Further inputs by name, for models that take them.
        vocabularies: Symbols of those further inputs that are tokens, by name.

    Raises:
        DataError: A size is no integer from 1 on.
        TypeError: Inputs or outputs are something else.
    """

    inputs: Inputs
    outputs: Outputs
    vocabulary: Vocabulary | None = None
    context: dict[str, Inputs] = field(default_factory=dict)
    vocabularies: dict[str, Vocabulary] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.inputs, Tokens | Features | Grid):
            expected = "Tokens, Features or Grid, such as Features(3)"
            raise TypeError(f"inputs = {self.inputs!r:.80}: expected {expected}")
        if not isinstance(self.outputs, AbstractOutputs):
            expected = "Classes, Values, Keys or Custom, such as Classes(2)"
            raise TypeError(f"outputs = {self.outputs!r:.80}: expected {expected}")
        _check_sizes(self.inputs, self.input_size, *getattr(self.inputs, "sizes", ()))
        _check_sizes(self.outputs, self.outputs.size)

    @property
    def input_size(self) -> int:
        """V of tokens, F of features, C of a grid."""
        return self.inputs.channels if isinstance(self.inputs, Grid) else self.inputs.size

    @property
    def predicts_next_symbol(self) -> bool:
        """Whether the classes are the next symbols, so that a causal model can generate text.

        One with further inputs, such as a sentence to translate, needs more than a text.
        """
        is_next = isinstance(self.outputs, Classes) and self.outputs.next_token
        return is_next and not self.context

    @property
    def predicts_next_keys(self) -> bool:
        """Whether the keys are the inputs one step later, so that a causal model can go on."""
        inputs, outputs = self.inputs, self.outputs
        is_same = isinstance(inputs, Features) and inputs.size == outputs.size and not inputs.scale
        return isinstance(outputs, Keys) and outputs.next_token and is_same

    def describe(self) -> str:
        """Returns the signature in words, for errors and lists."""
        outputs = self.outputs
        noun = "a label" if isinstance(outputs, Classes) else OUTPUT_NOUNS[outputs.kind]
        return f"{self.inputs.kind} with {noun} per {outputs.per}"

    def describe_sizes(self) -> str:
        """Returns the signature with its sizes: ``6 features, one of 10 labels per step``."""
        further = f" with {' and '.join(self.context)}" if self.context else ""
        return f"{_describe_inputs(self.inputs)}{further}, {self.outputs.describe_sizes()}"

    def fits(self, other: Signature) -> bool:
        """Returns whether a model of this signature can be evaluated on data of the other.

        Symbols, names, counts and scales are not compared.
        """
        return self._sizes() == other._sizes()

    def _sizes(self) -> Signature:
        """Returns the signature without symbols, names, counts and scales."""
        outputs: Outputs = replace(self.outputs, names=())
        if isinstance(outputs, Classes):
            outputs = replace(outputs, counts=())
        if isinstance(outputs, Values):
            outputs = replace(outputs, offset=(), scale=(), naive_error=(), quantiles=())
        inputs: Inputs = self.inputs
        if isinstance(inputs, Features):
            inputs = Features(inputs.size)
        return replace(self, inputs=inputs, outputs=outputs, vocabulary=None, vocabularies={})

    def with_unknown_symbols(self, policy: Unknown) -> Signature:
        """Returns this signature with vocabularies that treat unknown symbols by a policy."""
        if self.vocabulary is None:
            return self
        others = {
            name: replace(vocabulary, policy=policy)
            for name, vocabulary in self.vocabularies.items()
        }
        vocabulary = replace(self.vocabulary, policy=policy)
        return replace(self, vocabulary=vocabulary, vocabularies=others)

    def to_json(self) -> dict[str, Any]:
        """Returns the signature as JSON values."""
        values = asdict(replace(self, vocabulary=None, vocabularies={}))
        if self.vocabulary is not None:
            values |= _symbols_to_json(self.vocabulary)
        del values["vocabularies"]  # most have none
        if self.vocabularies:
            values["vocabularies"] = {
                name: _symbols_to_json(vocabulary) for name, vocabulary in self.vocabularies.items()
            }
        return values

    @classmethod
    def from_json(cls, values: object) -> Signature:
        """Returns the signature that ``to_json`` wrote, in this version or an earlier one.

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
    outputs: dict[str, Any]
    vocabulary: list[str] | None
    context: dict[str, dict[str, Any]]
    tokenizer: dict[str, Any] | None = None
    vocabularies: dict[str, dict[str, Any]] = {}  # noqa: RUF012  # never changed


@final
class _SymbolsRecord(NamedTuple):
    """A vocabulary of further inputs as JSON holds it."""

    vocabulary: list[str]
    tokenizer: dict[str, Any] | None = None


@final
class _FirstSignatureRecord(NamedTuple):
    """A signature as manifests of format 1 and states of that time hold it."""

    inputs: dict[str, Any]
    classes: Count
    per: Per
    vocabulary: list[str] | None
    next_symbol: bool
    tokenizer: dict[str, Any] | None = None

    def as_record(self) -> _SignatureRecord:
        """Returns the same signature in the present form."""
        outputs = {
            "kind": "classes",
            "size": self.classes,
            "per": self.per,
            "next_token": self.next_symbol,
        }
        return _SignatureRecord(self.inputs, outputs, self.vocabulary, {}, self.tokenizer)


Part = TypeVar("Part")


def _read_signature(values: object) -> Signature:
    """Returns a signature from its JSON values.

    Raises:
        DataError: The vocabulary is empty or has a symbol twice, or there are too few names.
        IntegrityError: A value is missing or wrong, or a size is not that of the vocabulary.
    """
    if isinstance(values, Mapping) and "classes" in values and "outputs" not in values:
        record = read_record(_FirstSignatureRecord, values, allow_unknown=True).as_record()
    else:
        record = read_record(_SignatureRecord, values, allow_unknown=True)
    inputs: Inputs = _read_part(INPUTS, record.inputs, "inputs")
    outputs: Outputs = _read_part(OUTPUTS, record.outputs, "outputs")
    vocabulary = None
    if record.vocabulary is not None:
        vocabulary = _vocabulary(record.vocabulary, record.tokenizer)
        _check_size(vocabulary, 0 if isinstance(inputs, Grid) else inputs.size)
        if isinstance(outputs, Classes) and outputs.next_token:
            _check_size(vocabulary, outputs.size)
    context: dict[str, Inputs] = {
        name: _read_part(INPUTS, part, f"context.{name}") for name, part in record.context.items()
    }
    vocabularies = {}
    for name, values_of in record.vocabularies.items():
        symbols = read_record(_SymbolsRecord, values_of, key=f"vocabularies.{name}")
        vocabularies[name] = _vocabulary(symbols.vocabulary, symbols.tokenizer)
        tokens = context.get(name)
        _check_size(vocabularies[name], tokens.size if isinstance(tokens, Tokens) else 0)
    return Signature(
        inputs=inputs,
        outputs=outputs,
        vocabulary=vocabulary,
        context=context,
        vocabularies=vocabularies,
    )


def _symbols_to_json(vocabulary: Vocabulary) -> dict[str, Any]:
    """Returns the symbols, and the tokenizer if it is another than that of characters."""
    values: dict[str, Any] = {"vocabulary": list(vocabulary.symbols)}
    if vocabulary.tokenizer != CHARACTERS:
        values["tokenizer"] = vocabulary.tokenizer.to_json()
    return values


def _vocabulary(symbols: list[str], tokenizer: dict[str, Any] | None) -> Vocabulary:
    vocabulary = Vocabulary(tuple(symbols))
    if tokenizer is None:
        return vocabulary
    return replace(vocabulary, tokenizer=tokenizer_from_json(tokenizer))


def _read_part(classes: Mapping[str, type[Part]], values: dict[str, Any], key: str) -> Part:
    """Returns inputs or outputs, of the class that their kind names."""
    kind = values.get("kind")
    part_class = classes.get(kind) if isinstance(kind, str) else None
    if part_class is None:
        raise IntegrityError(f"{key}.kind = {kind!r}: expected {' or '.join(classes)}")
    return read_record(part_class, values, key=key)


def _check_size(vocabulary: Vocabulary, size: int) -> None:
    """Raises IntegrityError if a size is not the number of symbols."""
    if size != len(vocabulary):
        raise IntegrityError(f"a size of {size} for a vocabulary of {len(vocabulary)} symbols")
