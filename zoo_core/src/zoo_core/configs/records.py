"""Records: tables of a JSON or TOML file, checked against the annotations of a class.

A record is a dataclass or a NamedTuple. Its fields are checked by their types; a rule beyond the
type stands in the annotation:

    class FileRecord(NamedTuple):
        size: Annotated[int, Rule("an integer >= 0", lambda size: size >= 0)]
        sha256: str

    read_record(FileRecord, json.loads(text), source="config.json", key="weights")

An error names file, key and value, and says what is expected:
``config.json: weights.size = -1: expected an integer >= 0``.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    TypeAlias,
    TypeVar,
    Union,
    final,
    get_args,
    get_origin,
    get_type_hints,
)

from zoo_core.errors import IntegrityError, ZooError, suggest

T = TypeVar("T")
Parsers: TypeAlias = Mapping[type, Callable[[Any], Any]]
WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    Decimal: "a number",
    str: "text",
    dict: "a table",
    list: "a list",
    tuple: "a list",
    NoneType: "null",
}

PLAIN = (bool, int, float, str)


@final
class Rule(NamedTuple):
    """A condition on a field's value beyond its type, as an argument of ``Annotated``.

    Args:
        expected: What the value must be, in words that follow "expected".
        holds: Whether a value of the right type keeps the rule.
    """

    expected: str
    holds: Callable[[Any], bool]


Count: TypeAlias = Annotated[int, Rule("an integer >= 0", lambda value: value >= 0)]


def read_record(
    cls: type[T],
    values: object,
    *,
    error: type[ZooError] = IntegrityError,
    source: str = "",
    key: str = "",
    allow_unknown: bool = False,
    use_defaults: bool = True,
    parsers: Parsers | None = None,
) -> T:
    """Returns an instance of a dataclass or NamedTuple with the values of a table.

    Types that a field may have: ``bool``, ``int``, ``float`` (which takes integers), ``Decimal``,
    ``str``, ``None``, ``Literal``, ``Any``, ``list[T]``, ``tuple[T, ...]``, ``dict[str, T]``,
    unions, ``Annotated`` with a ``Rule``, and other records, whose tables are read the same way.

    Args:
        cls: The record's class.
        values: What was read from the file.
        error: The class of the error to raise.
        source: The file that errors name.
        key: The key of the table in that file; empty for the whole file.
        allow_unknown: Whether keys that the class lacks are ignored, in nested records too.
        use_defaults: Whether a missing key takes the field's default, in nested records too.
        parsers: How to read classes that are stored in another form than a table of their
            fields. A parser raises ValueError or a ZooError if the value is not well-formed.

    Raises:
        ZooError: Of class ``error``: a key is missing, unknown, or has a wrong value.
    """
    reader = _Reader(error, source, allow_unknown, use_defaults, parsers or {})
    record: T = reader.read(cls, values, key)
    return record


@final
class _Reader(NamedTuple):
    """What stays the same while a record and its nested records are read."""

    error: type[ZooError]
    source: str
    allow_unknown: bool
    use_defaults: bool
    parsers: Parsers

    def fail(self, message: str) -> ZooError:
        return self.error(f"{self.source}: {message}" if self.source else message)

    def wrong(self, expected: str, value: object, key: str) -> ZooError:
        label = f"{key} = {value!r:.80}" if key else f"{value!r:.80}"
        return self.fail(f"{label}: expected {expected}")

    def read(self, hint: Any, value: object, key: str) -> Any:
        """Returns the value as the annotation describes it."""
        if type(value) is hint and hint in PLAIN and hint not in self.parsers:
            return value  # most values of a file, without a look at the annotation
        return self._read_annotation(hint, value, key)

    def _read_annotation(self, hint: Any, value: object, key: str) -> Any:
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return self._read_annotated(hint, value, key)
        if origin in (Union, UnionType):
            return self._read_union(arguments, value, key)
        if origin in (list, tuple, dict):
            return self._read_container(hint, value, key)
        if hint in self.parsers:
            return self._call(self.parsers[hint], value, key)
        if _is_record(hint):
            return self._read_record(hint, value, key)
        return self._read_plain(hint, value, key)

    def _read_container(self, hint: Any, value: object, key: str) -> Any:
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is dict and isinstance(value, Mapping):
            return {
                name: self.read(arguments[1], item, _join(key, name))
                for name, item in value.items()
            }
        if origin is not dict and isinstance(value, list | tuple):
            items = enumerate(value)
            return origin(self.read(arguments[0], item, f"{key}[{index}]") for index, item in items)
        raise self.wrong(_expected(hint), value, key)

    def _read_annotated(self, hint: Any, value: object, key: str) -> Any:
        checked = self.read(hint.__origin__, value, key)
        for rule in hint.__metadata__:
            if isinstance(rule, Rule) and not rule.holds(checked):
                raise self.wrong(rule.expected, value, key)
        return checked

    def _read_union(self, members: tuple[Any, ...], value: object, key: str) -> Any:
        """Tries the members in their order; the error of an only member is the most precise."""
        if value is None and NoneType in members:
            return None
        members = tuple(member for member in members if member is not NoneType)
        if len(members) == 1:
            return self.read(members[0], value, key)
        for member in members:
            try:
                return self.read(member, value, key)
            except self.error:
                continue
        raise self.wrong(" or ".join(dict.fromkeys(map(_expected, members))), value, key)

    def _read_record(self, cls: type, values: object, key: str) -> Any:
        if not isinstance(values, Mapping):
            raise self.wrong(WORDS[dict], values, key)
        fields = record_fields(cls)
        unknown = [name for name in values if name not in fields]
        if unknown and not self.allow_unknown:
            name = min(unknown, key=str)
            hint = suggest(str(name), fields) or f"there are: {', '.join(fields)}"
            raise self.fail(f"{_join(key, str(name))}: no such key; {hint}")
        arguments = {}
        for name, field in fields.items():
            if name in values:
                arguments[name] = self.read(field.hint, values[name], _join(key, name))
            elif field.required or not self.use_defaults:
                raise self.fail(f"{_join(key, name)} is missing: expected {_expected(field.hint)}")
        return self._call(lambda _: cls(**arguments), values, key)

    def _call(self, parse: Callable[[Any], Any], value: object, key: str) -> Any:
        try:
            return parse(value)
        except (ZooError, ValueError) as error:
            raise self.fail(f"{key}: {error}" if key else str(error)) from None

    def _read_plain(self, cls: Any, value: object, key: str) -> Any:
        if cls is Any:
            return value
        if get_origin(cls) is Literal:
            if not any(value == choice and type(value) is type(choice) for choice in get_args(cls)):
                raise self.wrong(_expected(cls), value, key)
            return value
        is_number = isinstance(value, int) and not isinstance(value, bool)
        try:
            if cls is float and is_number:
                return float(value)  # type: ignore[arg-type]  # an integer, see above
            if cls is Decimal and is_number:
                return Decimal(value)  # type: ignore[arg-type]  # the same
        except OverflowError:  # beyond every float
            raise self.wrong(_expected(cls), value, key) from None
        if not isinstance(value, cls) or (cls is int and not is_number):
            raise self.wrong(_expected(cls), value, key)
        return value


@final
class RecordField(NamedTuple):
    """A field of a record's class.

    Args:
        hint: Its annotation.
        required: Whether it has no default.
    """

    hint: Any
    required: bool


@functools.cache  # a file may hold ten thousand records of one class, and hints are slow to make
def record_fields(cls: type) -> Mapping[str, RecordField]:
    """Returns the fields of a dataclass or NamedTuple by name, in the order of declaration."""
    hints = get_type_hints(cls, include_extras=True)
    if not dataclasses.is_dataclass(cls):
        defaults = getattr(cls, "_field_defaults")  # noqa: B009  # mypy knows no NamedTuple here
        return {name: RecordField(hints[name], name not in defaults) for name in hints}
    return {
        field.name: RecordField(
            hints[field.name],
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(cls)
        if field.init
    }


def _is_record(hint: Any) -> bool:
    if not isinstance(hint, type):
        return False
    return dataclasses.is_dataclass(hint) or (issubclass(hint, tuple) and hint is not tuple)


def _expected(hint: Any) -> str:
    """Describes the values that an annotation allows, in words that follow "expected"."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        rules = [rule.expected for rule in hint.__metadata__ if isinstance(rule, Rule)]
        return rules[0] if rules else _expected(hint.__origin__)
    if origin is Literal:
        return " or ".join(str(choice) for choice in arguments)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(map(_expected, arguments)))
    if _is_record(hint):
        return WORDS[dict]
    return WORDS.get(origin or hint, "a value")


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
