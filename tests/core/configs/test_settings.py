"""Settings: parsing of text, and errors that name the expected form."""

from __future__ import annotations

import math
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from zoo_core.configs.declare import config, setting
from zoo_core.configs.settings import (
    FieldInfo,
    as_typed,
    option_words,
    settings_of,
    settings_without_effect,
)
from zoo_core.errors import ConfigError, PluginError


@config
class Typed:
    """A field of every type."""

    count: int = setting(default=3, unit="units", at_least=1, help="How many.")
    rate: float = setting(default=0.5, at_least=0, below=1, help="How fast.")
    flag: bool = setting(default=True, help="Whether.")
    word: str = setting(default="a", help="Which.")
    path: Path = setting(help="Where.")
    choice: Literal["red", "green"] = setting(default="red", help="One of two.")
    limit: int | None = setting(default=None, above=0, help="Perhaps how many.")


class Undeclared:
    """A class without @config."""


SETTINGS = settings_of(Typed)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("count", "7", 7),
        ("rate", "0.25", 0.25),
        ("rate", "1e-3", 0.001),
        ("rate", "0", 0.0),
        ("flag", "true", True),
        ("flag", "false", False),
        ("flag", "False", False),
        ("word", "none", "none"),
        ("word", "7", "7"),
        ("path", "a/b.txt", Path("a/b.txt")),
        ("choice", "green", "green"),
        ("limit", "7", 7),
        ("limit", "none", None),
    ],
)
def test_text_becomes_a_value_of_the_fields_type(key: str, text: str, value: object) -> None:
    parsed = SETTINGS[key].parse(text)
    assert parsed == value
    assert isinstance(parsed, type(value))


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("count", "0", "an integer >= 1"),
        ("count", "abc", "an integer >= 1"),
        ("count", "1.5", "an integer >= 1"),
        ("count", "none", "an integer >= 1"),
        ("count", "9" * 5000, "an integer >= 1"),
        ("rate", "1", "a number >= 0 and < 1"),
        ("rate", "nan", "a number >= 0 and < 1"),
        ("rate", "inf", "a number >= 0 and < 1"),
        ("flag", "1", "true or false"),
        ("flag", "yes", "true or false"),
        ("path", "", "a path"),
        ("choice", "blue", "red or green"),
        ("choice", "", "red or green"),
        ("limit", "0", "an integer > 0 or none"),
        ("limit", "None", "an integer > 0 or none"),
    ],
)
def test_wrong_text_is_refused_with_the_expected_form(key: str, text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SETTINGS[key].parse(text)
    assert str(caught.value).endswith(f": expected {expected}")


@pytest.mark.parametrize(
    ("key", "value"),
    [("count", 7), ("rate", 1e-05), ("flag", True), ("flag", False), ("limit", None), ("word", "")],
)
def test_a_value_is_typed_as_it_is_parsed(key: str, value: object) -> None:
    assert SETTINGS[key].parse(as_typed(value)) == value
    assert option_words(f"model.{key}", value) == [f"--model.{key}", as_typed(value)]


def test_a_value_of_several_is_typed_with_a_flag_for_each() -> None:
    words = option_words("dataset.value_columns", ["a b", "c"])
    assert words == ["--dataset.value-columns", "a b", "--dataset.value-columns", "c"]


def test_scalars_of_numpy_become_numbers_and_arrays_are_refused() -> None:
    values = [SETTINGS["count"].check(np.int64(7)), SETTINGS["rate"].check(np.float32(0.25))]
    assert values == [7, 0.25]
    assert [type(value) for value in values] == [int, float]
    for key, value in (("count", np.arange(2)), ("rate", np.zeros(2)), ("count", np.float64(1))):
        with pytest.raises(ConfigError, match=f"{key} = "):
            SETTINGS[key].check(value)


def test_a_value_that_no_file_or_tensor_holds_is_refused_with_the_reason() -> None:
    with pytest.raises(ConfigError, match=r"expected text in UTF-8$"):
        SETTINGS["word"].check("\udcff")
    with pytest.raises(ConfigError, match=r"expected an integer >= 1 of 64 bits at most$"):
        SETTINGS["count"].check(2**63)
    assert SETTINGS["count"].check(2**63 - 1) == 2**63 - 1


def test_a_long_number_beyond_every_float_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^count = "):
        SETTINGS["count"].parse("9" * 400)


def test_an_error_shows_no_more_than_a_line_of_the_value() -> None:
    with pytest.raises(ConfigError) as caught:
        SETTINGS["count"].parse("x\n" * 5000)
    assert len(str(caught.value)) < 150
    assert "\n" not in str(caught.value)


def test_an_error_has_the_label_that_it_gets() -> None:
    flag = SETTINGS["count"]._replace(label="--model.count")
    with pytest.raises(ConfigError, match=r"^--model\.count = 'abc': expected an integer >= 1$"):
        flag.parse("abc")


def test_settings_keep_the_order_of_declaration() -> None:
    assert list(SETTINGS) == ["count", "rate", "flag", "word", "path", "choice", "limit"]


def test_setting_without_a_default_says_so() -> None:
    assert SETTINGS["path"].default is MISSING


def test_setting_carries_default_unit_and_sentence() -> None:
    count = SETTINGS["count"]
    assert (count.default, count.info.unit, count.info.help) == (3, "units", "How many.")


@pytest.mark.parametrize(
    ("info", "words"),
    [
        (FieldInfo("", "", -math.inf, math.inf, -math.inf, math.inf), ""),
        (FieldInfo("", "", 0, math.inf, -math.inf, 1), ">= 0 and < 1"),
        (FieldInfo("", "", -math.inf, 0.5, 1e-3, math.inf), "> 0.001 and <= 0.5"),
    ],
)
def test_bounds_in_words(info: FieldInfo, words: str) -> None:
    assert info.bounds() == words


def test_bounds_that_include_and_exclude_differ_at_the_edge() -> None:
    closed = FieldInfo("", "", 0, 1, -math.inf, math.inf)
    opened = FieldInfo("", "", -math.inf, math.inf, 0, 1)
    assert [closed.admits(0), closed.admits(1)] == [True, True]
    assert [opened.admits(0), opened.admits(1)] == [False, False]


@config
class Dependent:
    """A field that another must switch on."""

    layers: int = setting(default=1, help="How many.")
    dropout: float = setting(
        default=0.0, help="How often.", needs=("layers", lambda config: config.layers > 1)
    )


def test_a_changed_setting_without_effect_is_named() -> None:
    line = "model.dropout = 0.5 has no effect without layers"
    assert settings_without_effect(Dependent(dropout=0.5), "model") == [line]
    assert not settings_without_effect(Dependent(dropout=0.5, layers=2), "model")
    assert not settings_without_effect(Dependent(), "model")


def test_a_setting_without_effect_that_a_recipe_sets_is_not_named() -> None:
    assert not settings_without_effect(Dependent(dropout=1.0), "model", {"dropout": 1})
    (line,) = settings_without_effect(Dependent(dropout=0.5), "model", {"dropout": 0.25})
    assert line == "model.dropout = 0.5 has no effect without layers"


@dataclass
class Plain:
    """A dataclass of another kind."""

    layers: int = 1


@pytest.mark.parametrize("thing", [Undeclared, Plain, Typed(path=Path()), len, 3])
def test_what_is_no_config_is_named(thing: Any) -> None:
    with pytest.raises(PluginError, match=r"^\w.* is no config: declare a class with @config"):
        settings_of(thing)
