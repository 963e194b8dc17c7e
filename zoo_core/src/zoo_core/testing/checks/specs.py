"""Checks of specs and of the configs that they name."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

from zoo_core.configs.settings import build_config, settings_of, values_of
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import AbstractSpec
from zoo_core.testing.cases.sample_values import needed_values
from zoo_core.testing.check import Violation, check

MAX_SUMMARY = 80
"""Largest number of characters of a summary."""


@final
@dataclass(frozen=True)
class SpecCase:
    """A spec.

    Args:
        spec: The spec.
    """

    spec: AbstractSpec

    def label(self) -> str:
        """Returns the spec's type and name."""
        return f"{type(self.spec).__name__}(name={self.spec.name!r})"

    def smaller(self) -> tuple[SpecCase, ...]:
        """Returns nothing: a spec has no smaller variant."""
        return ()

    @property
    def config(self) -> type[Any]:
        """The config class that the spec names."""
        spec: Any = self.spec
        return resolve(spec.config)  # type: ignore[no-any-return]  # import-strings checks it

    def build_config(self) -> Any:
        """Builds the config from its defaults and from sample values where it has none."""
        return build_config(self.config, "config", needed_values(self.config))


@check("Write 'package.module:Name' of an existing class or function.")
def import_strings(case: SpecCase) -> Violation | None:
    """Every import string of a spec names a callable."""
    for name, string in _import_strings(case.spec):
        target = resolve(string)
        if not callable(target):
            expected = f"{name} = {string!r} names a class or a function"
            return Violation(expected, f"{target!r:.80}")
    return None


def _import_strings(spec: AbstractSpec) -> Iterator[tuple[str, str]]:
    """Yields the import strings of a spec with the names of their fields."""
    for name, value in vars(spec).items():
        if name in ("config", "factory", "target") or (name == "sample_settings" and value):
            yield name, value
        elif name == "functions":
            yield from ((name, string) for string in value)


@check(f"Write one sentence of at most {MAX_SUMMARY} characters that ends with a full stop.")
def summary(case: SpecCase) -> Violation | None:
    """A summary is one sentence that fits in a line."""
    text = case.spec.summary
    if text.endswith(".") and "\n" not in text and len(text) <= MAX_SUMMARY:
        return None
    return Violation(f"a sentence of at most {MAX_SUMMARY} characters and a full stop", repr(text))


@check(
    "Declare the config with @config and every field with setting(...), with defaults within their "
    "own bounds.",
    needs=("import-strings",),
)
def config_defaults(case: SpecCase) -> Violation | None:
    """A config can be built from its defaults and holds them."""
    config = case.build_config()
    for key, value in needed_values(case.config).items():
        if getattr(config, key) != value:
            return Violation(f"{key} = {value!r}, as given", f"{getattr(config, key)!r}")
    return None


@check(
    "Give every setting a help text of one sentence that ends with a full stop.",
    needs=("config-defaults",),
)
def config_documented(case: SpecCase) -> Violation | None:
    """Every setting has a help text of one sentence."""
    for key, setting in settings_of(case.config).items():
        text = setting.info.help
        if not text.endswith(".") or "\n" in text:
            return Violation(f"a sentence for {key}", repr(text))
    return None


@check(
    "Use types that TOML can hold (numbers, text, booleans, paths), derive no field from another, "
    "and name no field 'name', which recipes use for the part itself.",
    needs=("config-defaults",),
)
def config_round_trip(case: SpecCase) -> Violation | None:
    """A config is rebuilt unchanged from its values, from JSON and from TOML."""
    if "name" in settings_of(case.config):
        return Violation("no setting called 'name'", "there is one")
    config = case.build_config()
    values = values_of(config)
    forms = {
        "values": values,
        "JSON": json.loads(json.dumps(values, allow_nan=False)),
        "TOML": tomllib.loads(_toml(values)),
    }
    for form, loaded in forms.items():
        rebuilt = build_config(case.config, "config", loaded)
        if rebuilt != config:
            return Violation(f"{config} from its {form}", f"{rebuilt}")
    return None


def _toml(values: dict[str, Any]) -> str:
    """Returns values as TOML, in which text, numbers and booleans are written as in JSON."""
    lines = (
        f"{key} = {json.dumps('none' if value is None else value)}" for key, value in values.items()
    )
    return "\n".join(lines)


CHECKS = (import_strings, summary)
CONFIG_CHECKS = (config_defaults, config_documented, config_round_trip)
