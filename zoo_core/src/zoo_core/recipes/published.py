"""A published result: what a recipe must reach, and whether a run reached it."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, final

from zoo_core.configs.records import Rule, read_record
from zoo_core.errors import ConfigError

MAX_DIGITS = 30
"""More digits than anybody publishes, before and behind the point."""
EXACT = Context(prec=400)
"""Enough digits for the largest float."""


def _is_publishable(value: Decimal) -> bool:
    return value.is_finite() and -MAX_DIGITS <= _exponent(value) <= value.adjusted() <= MAX_DIGITS


Figure: TypeAlias = Annotated[Decimal, Rule("a number", _is_publishable)]


@final
class Published(NamedTuple):
    """What was published about a recipe.

    Args:
        metric: A metric of the recipe's trainer.
        split: The split that it was measured on.
        low: The lowest value published, with the digits that were published.
        high: The highest value; equal to ``low`` if there is only one.
        source: Where it was published.
    """

    metric: Annotated[str, Rule("text", lambda metric: metric != "")]
    split: Literal["train", "validation", "test"]
    low: Figure
    high: Figure
    source: Annotated[str, Rule("text", lambda source: source != "")]

    def rounded(self, measured: float) -> Decimal:
        """Returns a measured value with as many digits as were published.

        Infinity and NaN are returned as they are.
        """
        finest = min(self.low, self.high, key=_exponent)
        value = Decimal(repr(measured))
        if not value.is_finite():
            return value
        return value.quantize(Decimal(1).scaleb(_exponent(finest)), context=EXACT)

    def verdict(
        self, measured: float, *, higher_is_better: bool
    ) -> Literal["reproduced", "better", "missed"]:
        """Returns ``reproduced`` in the range, ``better`` beyond its good end, or ``missed``.

        Args:
            measured: The measured value.
            higher_is_better: Whether the higher of two values of the metric is better.
        """
        value = self.rounded(measured)
        if not value.is_finite():
            return "missed"
        if self.low <= value <= self.high:
            return "reproduced"
        is_higher = value > self.high
        return "better" if is_higher == higher_is_better else "missed"

    def in_words(self) -> str:
        """Returns the value, or the range of values."""
        return f"{self.low}" if self.low == self.high else f"{self.low}–{self.high}"

    def to_json(self) -> dict[str, Any]:
        """Returns the fields as JSON holds them."""
        return self._asdict() | {"low": float(self.low), "high": float(self.high)}


def parse_published(values: object, name: str) -> Published:
    """Returns the published result in a table ``[published]`` whose numbers are Decimals.

    Args:
        values: The table.
        name: The recipe that errors name.

    Raises:
        ConfigError: A key is missing, unknown or has a wrong value.
    """
    published = read_record(Published, values, error=ConfigError, source=name, key="published")
    if published.low > published.high:
        raise ConfigError(
            f"{name}: published.low = {published.low} is above published.high = {published.high}"
        )
    return published


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int), "checked to be finite"
    return exponent
