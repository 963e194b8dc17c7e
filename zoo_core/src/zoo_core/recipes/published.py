"""A published figure: what a recipe must reach, and whether it did."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any, NamedTuple, final

from zoo_core.errors import ConfigError

GOOD = {"loss": -1, "perplexity": -1, "bits_per_character": -1, "accuracy": 1}
"""The metrics, and on which side of a figure the better ones lie."""
SPLITS = ("train", "validation", "test")
DIGITS = 30
"""More than anybody publishes, before the point and behind it."""
EXACT = Context(prec=400)
"""Digits enough for the largest of all floats."""
KEYS = {"metric", "split", "low", "high", "source"}


@final
class Published(NamedTuple):
    """What was published of a recipe.

    Args:
        metric: One of ``GOOD``.
        split: What it was measured on.
        low: The lowest figure published, with the digits that were published.
        high: The highest; the same if there is but one.
        source: Where.
    """

    metric: str
    split: str
    low: Decimal
    high: Decimal
    source: str

    def rounded(self, ours: float) -> Decimal:
        """Our figure with as many digits as were published; as it is if it is not finite."""
        finest = min(self.low, self.high, key=_exponent)
        figure = Decimal(repr(ours))
        if not figure.is_finite():
            return figure
        return figure.quantize(Decimal(1).scaleb(_exponent(finest)), context=EXACT)

    def verdict(self, ours: float) -> str:
        """``reproduced`` in the range, ``better`` beyond it on the good side, else ``missed``."""
        figure, good = self.rounded(ours), GOOD[self.metric]
        if not figure.is_finite():
            return "missed"
        if self.low <= figure <= self.high:
            return "reproduced"
        return "better" if (figure > self.high) == (good > 0) else "missed"

    def in_words(self) -> str:
        """The figure, or the range."""
        return f"{self.low}" if self.low == self.high else f"{self.low}–{self.high}"

    def to_json(self) -> dict[str, Any]:
        """The figure as JSON holds it."""
        return self._asdict() | {"low": float(self.low), "high": float(self.high)}


def parse_published(values: Mapping[str, Any], name: str) -> Published:
    """The table ``[published]``, its numbers as Decimals.

    Raises:
        ConfigError: A key is missing, unknown or of the wrong type.
    """
    if wrong := KEYS.symmetric_difference(values):
        raise ConfigError(
            f"{name}: published.{min(wrong)}: published has {', '.join(sorted(KEYS))}"
        )
    low, high = (_figure(values[key], f"{name}: published.{key}") for key in ("low", "high"))
    for key, choices in (("metric", tuple(GOOD)), ("split", SPLITS)):
        if values[key] not in choices:
            expected = " or ".join(choices)
            raise ConfigError(f"{name}: published.{key} = {values[key]!r:.80}: expected {expected}")
    if low > high:
        raise ConfigError(f"{name}: published.low = {low} is above published.high = {high}")
    if not isinstance(values["source"], str) or not values["source"]:
        raise ConfigError(f"{name}: published.source: expected text")
    return Published(values["metric"], values["split"], low, high, values["source"])


def _figure(value: Any, label: str) -> Decimal:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | Decimal)
        or not Decimal(value).is_finite()
        or not -DIGITS <= _exponent(Decimal(value)) <= Decimal(value).adjusted() <= DIGITS
    ):
        raise ConfigError(f"{label} = {value!r:.80}: expected a number")
    return Decimal(value)


def _exponent(figure: Decimal) -> int:
    exponent = figure.as_tuple().exponent
    assert isinstance(exponent, int), "checked to be finite"
    return exponent
