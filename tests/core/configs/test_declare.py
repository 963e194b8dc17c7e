"""Configs: frozen, keyword-only and checked at construction."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any, Literal

import pytest

from zoo_core.configs.declare import config, setting
from zoo_core.configs.settings import build_config, settings_of, values_of, with_unit
from zoo_core.errors import ConfigError


@config
class Everything:
    """A field of every type."""

    count: int = setting(default=3, unit="units", at_least=1, at_most=9, help="How many.")
    rate: float = setting(default=0.5, above=0, below=1, help="How fast.")
    flag: bool = setting(default=True, help="Whether.")
    word: str = setting(default="a", help="Which.")
    path: Path = setting(default=Path("here"), help="Where.")
    choice: Literal["red", "green"] = setting(default="red", help="One of two.")
    limit: int | None = setting(default=None, at_least=1, help="Perhaps how many.")
    colour: Literal["blue", "grey"] | None = setting(default=None, help="Perhaps one of two.")


@config
class Demanding:
    """A field without a default."""

    path: Path = setting(help="The file to read.")


@config
class Inheriting(Everything):
    """A config that adds a field to another's."""

    extra: int = setting(default=0, help="More.")


@config
class WronglyDeclared:
    """A default outside its own bounds."""

    count: int = setting(default=0, at_least=1, help="How many.")


@config
class Ranged:
    """A rule over two fields."""

    low: int = setting(default=0, at_least=0, help="The least.")
    high: int = setting(default=9, help="The most.")

    def __post_init__(self) -> None:
        """Refuses an empty range."""
        if self.low > self.high:
            raise ConfigError(f"low = {self.low} is above high = {self.high}")


@config
class RangedMore(Ranged):
    """A config that inherits the rule."""

    extra: int = setting(default=0, at_least=0, help="More.")


@config
class RangedStrictly(Ranged):
    """A config that adds a rule."""

    def __post_init__(self) -> None:
        """Refuses a range of one number too."""
        super().__post_init__()
        if self.low == self.high:
            raise ConfigError("low and high are the same")


GOOD = [
    ("count", 1),
    ("count", 9),
    ("rate", 0.25),
    ("flag", False),
    ("word", ""),
    ("path", Path("there")),
    ("choice", "green"),
    ("limit", 1),
    ("limit", None),
    ("colour", "grey"),
    ("colour", None),
]
BAD = [
    ("count", 0),
    ("count", 10),
    ("count", 1.0),
    ("count", "3"),
    ("count", True),
    ("count", None),
    ("count", "none"),
    ("rate", 0.0),
    ("rate", 1.0),
    ("rate", math.nan),
    ("rate", math.inf),
    ("rate", -math.inf),
    ("rate", "0.5"),
    ("rate", True),
    ("flag", 1),
    ("flag", "true"),
    ("word", 1),
    ("word", None),
    ("path", 1),
    ("choice", "blue"),
    ("choice", 1),
    ("limit", 0),
    ("limit", "many"),
    ("colour", "red"),
]


@pytest.mark.parametrize(("key", "value"), GOOD)
def test_a_valid_value_is_kept(key: str, value: object) -> None:
    built = build_config(Everything, "model", {key: value})
    assert getattr(built, key) == value


@pytest.mark.parametrize(("key", "value"), BAD)
def test_an_invalid_value_is_refused_with_section_key_and_value(key: str, value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        build_config(Everything, "model", {key: value})
    assert str(caught.value).startswith(f"model.{key} = {str(value)!r}: expected ")


@pytest.mark.parametrize(("key", "value"), BAD)
def test_direct_construction_refuses_the_same_values(key: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"^{key} = "):
        Everything(**{key: value})


def test_direct_construction_makes_an_integer_a_float() -> None:
    built = dataclasses.replace(Inheriting(), rate=0.25, extra=7)
    assert (built.rate, built.extra) == (0.25, 7)


def test_a_default_out_of_bounds_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"count = '0': expected an integer >= 1"):
        WronglyDeclared()


def test_an_integer_becomes_a_float_where_a_number_is_expected() -> None:
    @config
    class Rate:
        rate: float = setting(default=1.0, help="How fast.")

    built = build_config(Rate, "trainer", {"rate": 2})
    assert type(built.rate) is float


def test_none_may_be_written_for_an_optional_setting() -> None:
    built = build_config(Everything, "model", {"limit": "none", "colour": "none"})
    assert (built.limit, built.colour) == (None, None)


def test_text_becomes_a_path() -> None:
    assert build_config(Demanding, "dataset", {"path": "a/b"}).path == Path("a/b")


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert build_config(Demanding, "dataset", {"path": "~/a"}).path == tmp_path / "a"


def test_the_home_of_an_unknown_user_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"dataset\.path"):
        build_config(Demanding, "dataset", {"path": "~no-such-user-here/a"})


@pytest.mark.parametrize("key", ["rate", "unbounded", "count"])
def test_an_integer_beyond_every_float_is_refused(key: str) -> None:
    @config
    class Numbers:
        rate: float = setting(default=1.0, below=9, help="How fast.")
        unbounded: float = setting(default=1.0, help="How far.")
        count: int = setting(default=1, at_most=9, help="How many.")

    with pytest.raises(ConfigError, match=f"trainer.{key}"):
        build_config(Numbers, "trainer", {key: 10**400})


def test_an_unknown_key_suggests_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"model\.cuont: no such setting; did you mean count\?"):
        build_config(Everything, "model", {"cuont": 1})


def test_an_unknown_key_without_a_near_one_lists_the_known_keys() -> None:
    with pytest.raises(ConfigError, match=r"dataset\.xyz: no such setting; dataset has: path"):
        build_config(Demanding, "dataset", {"xyz": 1})


def test_a_missing_setting_is_explained() -> None:
    with pytest.raises(ConfigError, match=r"dataset\.path must be given: The file to read\."):
        build_config(Demanding, "dataset", {})


def test_a_missing_setting_of_direct_construction_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="path"):
        Demanding()  # type: ignore[call-arg]  # what mypy refuses too


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        ("1", "layers", "1 layer"),
        ("2", "layers", "2 layers"),
        ("1", "", "1"),
        ("none", "s", "none"),
    ],
)
def test_a_unit_follows_its_number(value: str, unit: str, text: str) -> None:
    assert with_unit(value, unit) == text


def test_config_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Everything().count = 4  # type: ignore[misc]  # what mypy refuses too


def test_config_takes_no_positional_arguments() -> None:
    with pytest.raises(TypeError, match="positional"):
        Everything(4)  # type: ignore[call-arg]  # what mypy refuses too


def test_inherited_settings_come_first() -> None:
    assert list(settings_of(Inheriting)) == [*settings_of(Everything), "extra"]


def test_inherited_settings_are_checked() -> None:
    with pytest.raises(ConfigError, match=r"trainer\.count"):
        build_config(Inheriting, "trainer", {"count": 0})


def test_a_config_is_rebuilt_from_its_values() -> None:
    built = build_config(Everything, "model", {"count": 5, "path": "there", "limit": 2})
    assert build_config(Everything, "model", values_of(built)) == built


def test_values_hold_paths_as_text() -> None:
    assert values_of(Everything())["path"] == "here"


@pytest.mark.parametrize("cls", [Ranged, RangedMore, RangedStrictly])
def test_a_rule_over_several_fields_is_kept_and_inherited(cls: type[Ranged]) -> None:
    assert cls(low=5, high=6).low == 5
    with pytest.raises(ConfigError, match="low = 5 is above high = 1"):
        cls(low=5, high=1)


def test_a_rule_over_several_fields_comes_after_the_check_of_each() -> None:
    with pytest.raises(ConfigError, match="low = '-1': expected an integer >= 0"):
        Ranged(low=-1, high=-2)
    with pytest.raises(ConfigError, match="extra = '-1': expected"):
        RangedMore(extra=-1)


def test_a_config_may_add_a_rule_to_anothers() -> None:
    with pytest.raises(ConfigError, match="the same"):
        RangedStrictly(low=5, high=5)
