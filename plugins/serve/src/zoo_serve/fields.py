"""Reading the fields of a request, each with its type and bounds."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, final

from zoo_core.errors import suggest
from zoo_serve.errors import ApiError

SHOWN = 40
"""Characters of a wrong value that a message shows."""


@final
class Fields:
    """The fields of a JSON object; a field that is null counts as missing.

    Args:
        body: The object.

    Raises:
        ApiError: It is no object. So does every method for a field of the wrong type or out of
            bounds, and names the field.
    """

    def __init__(self, body: object) -> None:
        if not isinstance(body, dict):
            raise ApiError(400, 'the body is not a JSON object, such as {"model": ...}')
        self._values: dict[str, Any] = {k: v for k, v in body.items() if v is not None}

    def refuse_unknown(self, known: Iterable[str]) -> None:
        """Raises ApiError for a field that no endpoint of this kind has."""
        names = list(known)
        for field in self._values:
            if field not in names:
                name = field[:SHOWN]
                hint = suggest(name, names) or f"there are {', '.join(names)}"
                raise ApiError(400, f"no field {name!r}; {hint}", param=name)

    def refuse_set(self, name: str, neutral: tuple[object, ...], reason: str) -> None:
        """Raises ApiError for a field that is not supported, unless its value changes nothing."""
        value = self._values.get(name)
        is_neutral = any(value == one and _is_flag(value) == _is_flag(one) for one in neutral)
        if value is not None and not is_neutral:
            raise ApiError(
                400, f"{name} is not supported: {reason}", param=name, code="unsupported"
            )

    def any(self, name: str) -> Any:
        """Returns a value of any type; None if it is missing."""
        return self._values.get(name)

    def text(self, name: str, default: str = "") -> str:
        """Returns a text."""
        value = self._values.get(name, default)
        if not isinstance(value, str):
            raise self.wrong(name, "a text")
        return value

    def flag(self, name: str) -> bool:
        """Returns true or false; false if it is missing."""
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """Returns an integer within bounds, which belong to the range."""
        value = self._values.get(name, default)
        if _is_flag(value) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(name, f"an integer from {low} to {high}")
        return value

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """Returns a number within bounds, which belong to the range."""
        value = self._values.get(name, default)
        expected = f"a number from {low:g} to {high:g}"
        if _is_flag(value) or not isinstance(value, int | float):
            raise self.wrong(name, expected)
        if not low <= value <= high or math.isnan(value):
            raise self.wrong(name, expected)
        return float(value)

    def wrong(self, name: str, expected: str) -> ApiError:
        """Returns the error about a field."""
        if name not in self._values:
            return ApiError(400, f"{name} is missing: expected {expected}", param=name)
        value = json.dumps(self._values[name], ensure_ascii=False)
        shown = value if len(value) <= SHOWN else f"{value[:SHOWN]}…"
        return ApiError(400, f"{name} = {shown}: expected {expected}", param=name)


def _is_flag(value: object) -> bool:
    """Whether a value is true or false, which Python takes for the numbers 1 and 0 too."""
    return isinstance(value, bool)
