"""Settings that take several values."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo_core import config, setting
from zoo_core.configs.settings import as_typed, build_config, settings_of, values_of
from zoo_core.errors import ConfigError


@config
class ManyConfig:
    """Settings with a list."""

    paths: tuple[Path, ...] = setting(help="Some paths.")


@pytest.mark.parametrize(
    ("value", "plain"), [("a", "a"), (["a"], "a"), (["a", "b"], ["a", "b"]), (("a",), "a")]
)
def test_one_value_is_written_alone_and_several_as_a_list(value: object, plain: object) -> None:
    many = build_config(ManyConfig, "dataset", {"paths": value})
    assert all(isinstance(path, Path) for path in many.paths)
    assert values_of(many) == {"paths": plain}
    assert build_config(ManyConfig, "dataset", values_of(many)) == many


@pytest.mark.parametrize("value", [[], 3, ["a", 3]])
def test_a_value_that_is_not_allowed_is_an_error(value: object) -> None:
    with pytest.raises(ConfigError, match=r"dataset\.paths = .*: expected a path"):
        build_config(ManyConfig, "dataset", {"paths": value})


def test_values_are_shown_one_after_the_other() -> None:
    assert as_typed((Path("a"), Path("b"))) == "a, b"
    assert settings_of(ManyConfig)["paths"].many
