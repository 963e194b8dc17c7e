"""Records: tables from outside, checked against the annotations of a class."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

import pytest

from zoo_core.configs.records import Count, Rule, read_record
from zoo_core.errors import ConfigError, DataError, IntegrityError


class Size(NamedTuple):
    """A nested record that is a NamedTuple."""

    width: Count
    height: Count = 1


@dataclass(frozen=True)
class Circle:
    """One member of a union."""

    radius: float
    kind: Literal["circle"] = "circle"


@dataclass(frozen=True)
class Square:
    """Another member of a union."""

    side: float
    kind: Literal["square"] = "square"


class Point:
    """A class that is stored as text, not as a table."""

    def __init__(self, text: str) -> None:
        self.x, self.y = map(int, text.split(","))


@dataclass
class Ranged:
    """A record with a rule over two fields."""

    low: int
    high: int

    def __post_init__(self) -> None:
        """Refuses an empty range."""
        if self.low > self.high:
            raise DataError("low is above high")


@dataclass
class Line:
    """A record with a field that a parser reads."""

    start: Point


@dataclass(frozen=True, kw_only=True)
class Everything:
    """A field of every type."""

    name: str
    count: Count = 0
    rate: float = 0.5
    exact: Decimal = Decimal(0)
    flag: bool = False
    colour: Literal["red", "green"] = "red"
    limit: int | None = None
    words: list[str] = field(default_factory=list)
    sizes: tuple[int, ...] = ()
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    size: Size | None = None
    shape: Circle | Square = Circle(1.0)
    anything: Any = None
    word: Annotated[str, Rule("a word in lower case", str.islower)] = "a"


def _read(**values: Any) -> Everything:
    return read_record(Everything, {"name": "a"} | values)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("count", 3, 3),
        ("rate", 0.25, 0.25),
        ("rate", 2, 2.0),
        ("exact", 2, Decimal(2)),
        ("exact", Decimal("2.50"), Decimal("2.50")),
        ("flag", True, True),
        ("colour", "green", "green"),
        ("limit", 3, 3),
        ("limit", None, None),
        ("words", ["x", "y"], ["x", "y"]),
        ("sizes", [1, 2], (1, 2)),
        ("metrics", {"test": {"loss": 1}}, {"test": {"loss": 1.0}}),
        ("size", {"width": 2}, Size(2, 1)),
        ("shape", {"side": 2.0, "kind": "square"}, Square(2.0)),
        ("anything", [1, {}], [1, {}]),
    ],
)
def test_a_value_of_the_right_type_is_kept(key: str, value: object, expected: object) -> None:
    parsed = getattr(_read(**{key: value}), key)
    assert parsed == expected
    assert type(parsed) is type(expected)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("name", 3, "name = 3: expected text"),
        ("count", "3", "count = '3': expected an integer"),
        ("count", 3.0, "count = 3.0: expected an integer"),
        ("count", True, "count = True: expected an integer"),
        ("count", -1, "count = -1: expected an integer >= 0"),
        ("rate", "fast", "rate = 'fast': expected a number"),
        ("rate", False, "rate = False: expected a number"),
        ("rate", 10**400, f"rate = {'1' + '0' * 79}: expected a number"),
        ("exact", 0.5, "exact = 0.5: expected a number"),
        ("flag", 1, "flag = 1: expected true or false"),
        ("colour", "blue", "colour = 'blue': expected red or green"),
        ("colour", ["red"], "colour = ['red']: expected red or green"),
        ("limit", "many", "limit = 'many': expected an integer"),
        ("words", "xy", "words = 'xy': expected a list"),
        ("words", ["x", 2], "words[1] = 2: expected text"),
        ("metrics", [], "metrics = []: expected a table"),
        ("metrics", {"test": {"loss": "x"}}, "metrics.test.loss = 'x': expected a number"),
        ("size", [], "size = []: expected a table"),
        ("size", {}, "size.width is missing: expected an integer >= 0"),
        ("size", {"width": -2}, "size.width = -2: expected an integer >= 0"),
        ("size", {"width": 2, "widht": 3}, "size.widht: no such key; did you mean width?"),
        ("shape", 5, "shape = 5: expected a table"),
        ("word", "A", "word = 'A': expected a word in lower case"),
        ("word", 5, "word = 5: expected text"),
        ("xyz", 5, "xyz: no such key; there are: name, count, rate, exact"),
    ],
)
def test_an_error_names_key_value_and_what_is_expected(
    key: str, value: object, message: str
) -> None:
    with pytest.raises(IntegrityError) as caught:
        _read(**{key: value})
    assert str(caught.value).startswith(message)


def test_an_error_has_the_requested_class_and_names_the_source() -> None:
    with pytest.raises(ConfigError, match=r"^a\.toml: table\.size\.width = -1: expected"):
        read_record(
            Everything,
            {"name": "a", "size": {"width": -1}},
            error=ConfigError,
            source="a.toml",
            key="table",
        )


@pytest.mark.parametrize("values", [None, [], "a", 3])
def test_a_value_that_is_not_a_table_is_refused(values: object) -> None:
    with pytest.raises(IntegrityError, match=r"expected a table$"):
        read_record(Everything, values)


def test_a_long_value_is_cut() -> None:
    with pytest.raises(IntegrityError) as caught:
        _read(count="x" * 5000)
    assert len(str(caught.value)) < 150


def test_unknown_keys_are_ignored_if_allowed_in_nested_records_too() -> None:
    values = {"name": "a", "new": 1, "size": {"width": 2, "new": 3}}
    assert read_record(Everything, values, allow_unknown=True).size == Size(2)


def test_defaults_may_be_forbidden() -> None:
    with pytest.raises(IntegrityError, match=r"^count is missing: expected an integer >= 0$"):
        read_record(Everything, {"name": "a"}, use_defaults=False)


def test_a_parser_reads_a_class_that_is_not_a_table() -> None:
    line = read_record(Line, {"start": "1,2"}, parsers={Point: Point})
    assert (line.start.x, line.start.y) == (1, 2)
    with pytest.raises(IntegrityError, match=r"^start: invalid literal"):
        read_record(Line, {"start": "1,b"}, parsers={Point: Point})


def test_a_rule_of_the_class_itself_is_reported_with_the_key() -> None:
    with pytest.raises(IntegrityError, match=r"^outer: low is above high$"):
        read_record(Ranged, {"low": 2, "high": 1}, key="outer")


class Level(NamedTuple):
    """A record with a choice of numbers."""

    level: Literal[1, 2]


@pytest.mark.parametrize("value", [True, 1.0, "1", 3])
def test_what_equals_a_choice_and_has_another_type_is_refused(value: object) -> None:
    assert read_record(Level, {"level": 1}) == Level(1)
    with pytest.raises(IntegrityError, match="expected 1 or 2"):
        read_record(Level, {"level": value})
