"""Settings: the fields of a config, as options, TOML, JSON and documentation show them."""

from __future__ import annotations

import dataclasses
import functools
import math
import operator
import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING
from pathlib import Path
from types import MappingProxyType, NoneType
from typing import (
    Any,
    Literal,
    NamedTuple,
    SupportsFloat,
    SupportsIndex,
    TypeVar,
    final,
    get_args,
    get_origin,
    get_type_hints,
)

from zoo_core.errors import ConfigError, PluginError, suggest

T = TypeVar("T")
WORDS: dict[type, str] = {
    int: "an integer",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "a path",
}
NONE = "none"
INTEGER_BITS = 64
"""Bits of torch's integers, with the sign."""


@final
class Condition(NamedTuple):
    """What a setting needs to have an effect.

    Args:
        words: The condition in words that follow "without", such as ``momentum``.
        holds: Whether a config meets it.
    """

    words: str
    holds: Callable[[Any], bool]


@final
class FieldInfo(NamedTuple):
    """What a field's declaration adds to its type and default."""

    help: str
    unit: str
    at_least: float
    at_most: float
    above: float
    below: float
    needs: Condition | None = None
    file_suffix: str = ""

    def bounds(self) -> str:
        """Returns the bounds in words, such as ``>= 0 and < 1``; empty if there are none."""
        limits = {">=": self.at_least, ">": self.above, "<=": self.at_most, "<": self.below}
        return " and ".join(
            f"{sign} {limit:.15g}" for sign, limit in limits.items() if math.isfinite(limit)
        )

    def admits(self, number: float) -> bool:
        """Whether the number is finite and within the bounds."""
        inside = self.at_least <= number <= self.at_most and self.above < number < self.below
        return inside and -sys.float_info.max <= number <= sys.float_info.max


@final
class Setting(NamedTuple):
    """One field of a config.

    Args:
        label: How errors name it: ``model.hidden_size`` or ``--model.hidden-size``.
        key: The field's name.
        type: int, float, bool, str or Path.
        choices: The allowed values, if the field lists them.
        optional: Whether ``none`` is allowed.
        default: The default; ``dataclasses.MISSING`` if the setting must be given.
        info: Help, unit and bounds.
        many: Whether the value is a tuple of such values; one alone counts as a tuple of one.
    """

    label: str
    key: str
    type: type
    choices: tuple[str, ...]
    optional: bool
    default: object
    info: FieldInfo
    many: bool = False

    def is_path(self, value: object) -> bool:
        """Whether a value of this setting is a path."""
        if self.type is Path:
            return True
        suffix = self.info.file_suffix
        return bool(suffix) and isinstance(value, str) and value.endswith(suffix)

    def expected(self) -> str:
        """Describes the allowed values, in words that follow "expected"."""
        kind = " or ".join(self.choices) or f"{WORDS[self.type]} {self.info.bounds()}".rstrip()
        return f"{kind} or {NONE}" if self.optional else kind

    def parse(self, text: str) -> object:
        """Returns the value that a text means, such as the argument of an option.

        Raises:
            ConfigError: The text is not an allowed value.
        """
        if self.optional and text == NONE:
            return None
        try:
            value = self._typed(text)
        except (KeyError, ValueError):
            raise self.error(text) from None
        return self.check(value)

    def check(self, value: object) -> object:
        """Returns the value if it is allowed.

        An integer becomes a float, and text a path, if the field has that type; so does a scalar
        of numpy or torch.

        Raises:
            ConfigError: The value has the wrong type, is not a choice, or is out of bounds.
        """
        if self.optional and (value is None or value == NONE):
            return None
        if self.many:
            values = value if isinstance(value, (list, tuple)) else (value,)
            if not values:
                raise self.error(value)
            return tuple(self._replace(many=False).check(item) for item in values)
        value = self._converted(value)
        if not isinstance(value, self.type) or (self.type is int and isinstance(value, bool)):
            raise self.error(value)
        if self.choices and value not in self.choices:
            raise self.error(value)
        if isinstance(value, str) and not _is_unicode(value):
            raise self.error(value, "in UTF-8")
        if isinstance(value, int) and value.bit_length() >= INTEGER_BITS:
            raise self.error(value, f"of {INTEGER_BITS} bits at most")
        if isinstance(value, (int, float)) and not self.info.admits(value):
            raise self.error(value)
        return value

    def _typed(self, text: str) -> object:
        if self.type is bool:
            return _BOOLEANS[text.lower()]
        return self._path(text) if self.type is Path else self.type(text)

    def _path(self, text: str) -> Path:
        if not text:  # such as an unset variable, and the path would mean the current folder
            raise self.error(text)
        return Path(text).expanduser()

    def _converted(self, value: object) -> object:
        try:
            if self.type is float and type(value) is int:
                return float(value)
            if self.type is Path and isinstance(value, str):
                return self._path(value)
        except (OverflowError, RuntimeError):  # larger than any float; ~ of an unknown user
            raise self.error(value) from None
        return _plain_number(self.type, value)

    def error(self, value: object, also: str = "") -> ConfigError:
        """Returns an error that names the setting, the value and what is expected."""
        expected = f"{self.expected()} {also}".rstrip()
        return ConfigError(f"{self.label} = {str(value)!r:.80}: expected {expected}")


def _plain_number(kind: type, value: object) -> object:
    """Returns a scalar of another library as Python's number; anything else as it is."""
    if isinstance(value, bool | int | float | str):
        return value
    try:
        if kind is int and isinstance(value, SupportsIndex):
            return operator.index(value)
        if kind is float and isinstance(value, SupportsFloat):
            return float(value)
    except (TypeError, ValueError):  # an array, which is no scalar
        pass
    return value


def _is_unicode(text: str) -> bool:
    """Whether UTF-8 can encode a text: undecodable bytes of an argument cannot be written."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_BOOLEANS = {"true": True, "false": False}


def as_typed(value: object) -> str:
    """Returns a value as text that ``Setting.parse`` reads."""
    if value is None:
        return NONE
    if isinstance(value, (list, tuple)):
        return ", ".join(map(as_typed, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def option_words(name: str, value: object) -> list[str]:
    """Returns the words that give a setting its value on the command line; a list repeats the flag.

    >>> option_words("dataset.path", ["a.txt", "b.txt"])
    ['--dataset.path', 'a.txt', '--dataset.path', 'b.txt']

    Args:
        name: Section and key, such as ``model.hidden_size``.
        value: The value, as a run config holds it.
    """
    flag = f"--{name.replace('_', '-')}"
    items = value if isinstance(value, list | tuple) else [value]
    return [word for item in items for word in (flag, as_typed(item))]


def with_unit(value: str, unit: str) -> str:
    """Returns the text of a value with its unit in the plural, but ``1 layer`` for ``1``."""
    if not unit or value == NONE:
        return value
    return f"{value} {unit.removesuffix('s') if value == '1' else unit}"


def settings_of(cls: type) -> Mapping[str, Setting]:
    """Returns the settings of a config class by key, in the order of declaration.

    Raises:
        PluginError: It is no class, or not declared with ``@config``.
    """
    return _settings_of(cls)


@functools.cache  # evaluating the annotations of a class takes a millisecond
def _settings_of(cls: Any) -> Mapping[str, Setting]:
    is_declared = isinstance(cls, type) and dataclasses.is_dataclass(cls)
    if not is_declared or not all("info" in field.metadata for field in dataclasses.fields(cls)):
        qualname = getattr(cls, "__qualname__", "")
        name = f"{cls.__module__}:{qualname}" if qualname else repr(cls)
        raise PluginError(f"{name} is no config: declare a class with @config")
    hints = get_type_hints(cls)
    return MappingProxyType(
        {field.name: _setting(field, hints[field.name]) for field in dataclasses.fields(cls)}
    )


def build_config(
    cls: type[T],
    section: str,
    values: Mapping[str, object],
    sources: Mapping[str, str] | None = None,
) -> T:
    """Returns a config with the values of a table.

    Args:
        cls: The config class.
        section: The section that errors name, such as ``model``.
        values: The values by key; missing keys take their default.
        sources: The file that a value comes from, by key, for errors.

    Raises:
        ConfigError: A key is unknown or missing, or a value is not allowed; the message names
            file, section, key, value and what is expected.
    """
    known, sources = settings_of(cls), sources or {}
    labels = {
        key: f"{sources[key]}: {section}.{key}" if key in sources else f"{section}.{key}"
        for key in values
    }
    for key in values:
        if key not in known:
            hint = suggest(str(key), known) or f"{section} has: {', '.join(known) or 'no settings'}"
            raise ConfigError(f"{labels[key]}: no such setting; {hint}")
    checked: dict[str, Any] = {}
    for key, setting in known.items():
        if key in values:
            checked[key] = setting._replace(label=labels[key]).check(values[key])
        elif setting.default is MISSING:
            raise ConfigError(f"{section}.{key} must be given: {setting.info.help}")
    return cls(**checked)


def settings_without_effect(
    config: Any, section: str, given: Mapping[str, object] = MappingProxyType({})
) -> list[str]:
    """Returns a line for each setting that was changed and has no effect beside the others.

    Args:
        config: The config.
        section: The section that the lines name, such as ``model``.
        given: The values that a recipe gives, by key; a setting that has such a value was not
            chosen by the user, and has no line.
    """
    lines = []
    for key, setting in settings_of(type(config)).items():
        needs, value = setting.info.needs, getattr(config, key)
        if not needs or value == setting.default or needs.holds(config):
            continue
        if key not in given or value != setting.check(given[key]):
            lines.append(f"{section}.{key} = {as_typed(value)} has no effect without {needs.words}")
    return lines


def values_of(config: Any) -> dict[str, Any]:
    """Returns a config's values as JSON and TOML can hold them.

    Paths become text, and a tuple becomes a list, or its value if it has one alone.
    """
    values = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    return {key: plain_value(value) for key, value in values.items()}


def plain_value(value: Any) -> Any:
    """Returns the value of a setting as JSON and TOML can hold it."""
    if isinstance(value, tuple):
        plain = [plain_value(item) for item in value]
        return plain[0] if len(plain) == 1 else plain
    return str(value) if isinstance(value, Path) else value


def _setting(field: dataclasses.Field[Any], hint: Any) -> Setting:
    members = [member for member in get_args(hint) if member is not NoneType]
    optional = NoneType in get_args(hint)
    kind = members[0] if optional else hint
    many = get_origin(kind) is tuple
    kind = get_args(kind)[0] if many else kind
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    return Setting(
        label=field.name,
        key=field.name,
        type=str if choices else kind,
        choices=choices,
        optional=optional,
        default=field.default,
        info=field.metadata["info"],
        many=many,
    )
