"""Settings: the fields of a config as options, TOML, JSON and documentation see them."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Mapping
from dataclasses import MISSING
from pathlib import Path
from types import NoneType
from typing import Any, Literal, NamedTuple, TypeVar, final, get_args, get_origin, get_type_hints

from zoo_core.errors import ConfigError, suggest

T = TypeVar("T")
WORDS: dict[type, str] = {
    int: "an integer",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "a path",
}
NONE = "none"


@final
class FieldInfo(NamedTuple):
    """What a field's declaration adds to its type and default."""

    help: str
    unit: str
    at_least: float
    at_most: float
    above: float
    below: float

    def bounds(self) -> str:
        """The bounds in words, such as ``>= 0 and < 1``; empty if there are none."""
        limits = {">=": self.at_least, ">": self.above, "<=": self.at_most, "<": self.below}
        return " and ".join(
            f"{s} {limit:.15g}" for s, limit in limits.items() if math.isfinite(limit)
        )

    def admits(self, number: float) -> bool:
        """Whether the number is finite and within the bounds."""
        inside = self.at_least <= number <= self.at_most and self.above < number < self.below
        return inside and -sys.float_info.max <= number <= sys.float_info.max


@final
class Setting(NamedTuple):
    """One field of a config.

    Args:
        label: How an error names it: ``model.hidden_size`` or ``--model.hidden-size``.
        key: The field's name.
        type: int, float, bool, str or Path.
        choices: The only values, if they are listed.
        optional: Whether ``none`` is a value.
        default: Its default; ``dataclasses.MISSING`` if it must be given.
        notes: Sentence, unit and bounds.
    """

    label: str
    key: str
    type: type
    choices: tuple[str, ...]
    optional: bool
    default: object
    info: FieldInfo

    def expected(self) -> str:
        """What would be right, in words."""
        kind = " or ".join(self.choices) or f"{WORDS[self.type]} {self.info.bounds()}".rstrip()
        return f"{kind} or {NONE}" if self.optional else kind

    def parse(self, text: str) -> object:
        """What a person typed, as a value of the field's type.

        Raises:
            ConfigError: The text is no such value.
        """
        if self.optional and text == NONE:
            return None
        try:
            value = _BOOLEANS[text.lower()] if self.type is bool else self.type(text)
        except (KeyError, ValueError):
            raise self.error(text) from None
        return self.check(value)

    def check(self, value: object) -> object:
        """The value itself, an integer made a number and text a path where that is expected.

        Raises:
            ConfigError: The value is of the wrong type, none of the choices, or out of bounds.
        """
        if self.optional and (value is None or value == NONE):
            return None
        value = self._converted(value)
        if not isinstance(value, self.type) or (self.type is int and isinstance(value, bool)):
            raise self.error(value)
        if self.choices and value not in self.choices:
            raise self.error(value)
        if isinstance(value, (int, float)) and not self.info.admits(value):
            raise self.error(value)
        return value

    def _converted(self, value: object) -> object:
        try:
            if self.type is float and type(value) is int:
                return float(value)
            if self.type is Path and isinstance(value, str):
                return Path(value).expanduser()
        except (OverflowError, RuntimeError):  # beyond a float; ~ of nobody
            raise self.error(value) from None
        return value

    def error(self, value: object) -> ConfigError:
        """The error that says which setting, which value and what would be right."""
        return ConfigError(f"{self.label} = {str(value)!r:.80}: expected {self.expected()}")


_BOOLEANS = {"true": True, "false": False}


def as_typed(value: object) -> str:
    """A value as a person types it, for ``Setting.parse`` to read."""
    if value is None:
        return NONE
    return str(value).lower() if isinstance(value, bool) else str(value)


def settings_of(cls: type) -> dict[str, Setting]:
    """Every setting of a config class, by key, in the order of declaration."""
    hints = get_type_hints(cls)
    return {field.name: _setting(field, hints[field.name]) for field in dataclasses.fields(cls)}


def make(cls: type[T], section: str, values: Mapping[str, object]) -> T:
    """A config made from a table of values.

    Raises:
        ConfigError: An unknown key, a missing one, or a value that the config refuses; the
            message names section, key, value and what would be right.
    """
    known = settings_of(cls)
    for key in values:
        if key not in known:
            hint = suggest(key, known) or f"{section} has: {', '.join(known) or 'no settings'}"
            raise ConfigError(f"{section}.{key}: no such setting; {hint}")
    checked: dict[str, Any] = {}
    for key, each in known.items():
        labelled = each._replace(label=f"{section}.{key}")
        if key in values:
            checked[key] = labelled.check(values[key])
        elif each.default is MISSING:
            raise ConfigError(f"{labelled.label} must be given: {each.info.help}")
    return cls(**checked)


def values_of(config: Any) -> dict[str, Any]:
    """A config's values as JSON and TOML can hold them: paths become text."""
    values = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    return {key: str(each) if isinstance(each, Path) else each for key, each in values.items()}


def _setting(field: dataclasses.Field[Any], hint: Any) -> Setting:
    kinds = [each for each in get_args(hint) if each is not NoneType]
    optional = NoneType in get_args(hint)
    kind = kinds[0] if optional else hint
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    return Setting(
        label=field.name,
        key=field.name,
        type=str if choices else kind,
        choices=choices,
        optional=optional,
        default=field.default,
        info=field.metadata["info"],
    )
