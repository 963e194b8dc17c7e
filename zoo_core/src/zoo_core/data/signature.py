"""The signature: what goes into a model and what comes out.

The dataset makes it, the model is built from it, and the checkpoint keeps it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias, cast, final

from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import DataError, IntegrityError

Per: TypeAlias = Literal["step", "sequence"]


@final
@dataclass(frozen=True)
class Tokens:
    """Ids below ``size``, shaped (B, T)."""

    size: int
    kind: Literal["tokens"] = "tokens"


@final
@dataclass(frozen=True)
class Features:
    """Vectors of ``size`` numbers, shaped (B, T, F)."""

    size: int
    kind: Literal["features"] = "features"


@final
@dataclass(frozen=True)
class Grid:
    """Numbers on a grid, shaped (B, C, *sizes): a signal, an image, a video."""

    channels: int
    sizes: tuple[int, ...]
    kind: Literal["grid"] = "grid"


Inputs: TypeAlias = Tokens | Features | Grid
KINDS: dict[str, Any] = {"tokens": Tokens, "features": Features, "grid": Grid}


@final
@dataclass(frozen=True, kw_only=True)
class Signature:
    """What goes in and what comes out.

    Args:
        inputs: Tokens, features or a grid.
        classes: How many labels there are to choose from.
        per: Whether every step or the whole sequence gets a label.
        vocabulary: The symbols of the tokens, if the inputs are tokens.
        next_symbol: Whether the label is the symbol that comes next, so that text can be
            generated.
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
        """The signature in words, for errors and lists."""
        return f"{self.inputs.kind} with a label per {self.per}"

    def in_full(self) -> str:
        """The signature in words with its sizes: ``grid of 1 × 8 × 8, a label of 10 per step``."""
        inputs = self.inputs
        sizes = (inputs.channels, *inputs.sizes) if isinstance(inputs, Grid) else (inputs.size,)
        label = "the next symbol" if self.next_symbol else "a label"
        size = " × ".join(map(str, sizes))
        return f"{inputs.kind} of {size}, {label} of {self.classes} per {self.per}"

    def fits(self, other: Signature) -> bool:
        """Whether what learnt from the one can be judged on the other; symbols are not compared."""
        return replace(self, vocabulary=None) == replace(other, vocabulary=None)

    def to_json(self) -> dict[str, Any]:
        """The signature as JSON holds it."""
        values = asdict(self)
        if self.vocabulary is not None:
            values["vocabulary"] = list(self.vocabulary.symbols)
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Signature:
        """The signature that ``to_json`` wrote.

        Raises:
            IntegrityError: The values are no signature.
        """
        try:
            inputs = dict(values["inputs"])
            if "sizes" in inputs:
                inputs["sizes"] = tuple(inputs["sizes"])
            numbers = [inputs.get("size", 0), inputs.get("channels", 0), *inputs.get("sizes", ())]
            symbols = values["vocabulary"]
            if not all(type(each) is int for each in [*numbers, values["classes"]]):
                raise TypeError("a size is no integer")
            if symbols is not None and not all(isinstance(each, str) for each in symbols):
                raise TypeError("a symbol is no text")
            if values["per"] not in ("step", "sequence"):
                raise ValueError(values["per"])
            if min(*numbers, values["classes"]) < 0:
                raise ValueError("a size below 0")
            sized = [inputs.get("size", 0)] + [values["classes"]] * bool(values["next_symbol"])
            if symbols is not None and any(size != len(symbols) for size in sized):
                raise ValueError(f"a vocabulary of {len(symbols)} symbols for sizes {sized}")
            return cls(
                inputs=cast(Inputs, KINDS[inputs["kind"]](**inputs)),
                classes=values["classes"],
                per=values["per"],
                vocabulary=None if symbols is None else Vocabulary(tuple(symbols)),
                next_symbol=bool(values["next_symbol"]),
            )
        except (DataError, KeyError, TypeError, ValueError) as error:
            raise IntegrityError(f"not a signature: {error!r}") from None
