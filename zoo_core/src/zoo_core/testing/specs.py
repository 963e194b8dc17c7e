"""Checks of specs and of the configs that they name."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, fields
from typing import Any, final

from zoo_core.configs.settings import build_config, settings_of, values_of
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import AbstractSpec
from zoo_core.testing.check import Violation, check
from zoo_core.testing.sample_values import needed_values

LONGEST = 80


@final
@dataclass(frozen=True)
class SpecCase:
    """A spec."""

    spec: AbstractSpec

    def label(self) -> str:
        """The spec's type and name."""
        return f"{type(self.spec).__name__}(name={self.spec.name!r})"

    def smaller(self) -> tuple[SpecCase, ...]:
        """None."""
        return ()

    @property
    def config(self) -> type[Any]:
        """The config class that the spec names."""
        named: Any = self.spec
        return resolve(named.config)  # type: ignore[no-any-return]  # whatever it is

    def sample(self) -> Any:
        """A config with its defaults, and something for what must be given."""
        return build_config(self.config, "config", needed_values(self.config))


@check("Write 'package.module:Name' of something that is there and can be called.")
def import_strings(case: SpecCase) -> Violation | None:
    """Every import string of a spec leads to something that can be called."""
    strings = {
        field.name: getattr(case.spec, field.name)
        for field in fields(case.spec)
        if field.name in ("config", "factory", "target", "sample_settings")
    }
    for name, string in strings.items():
        if name == "sample_settings" and not string:
            continue
        if not callable(found := resolve(string)):
            return Violation(
                f"{name} = {string!r} leads to a class or a function", f"{found!r:.80}"
            )
    return None


@check(f"Write one sentence of at most {LONGEST} characters with a full stop.")
def summary(case: SpecCase) -> Violation | None:
    """A summary is one sentence that fits into a line."""
    said = case.spec.summary
    if said.endswith(".") and "\n" not in said and len(said) <= LONGEST:
        return None
    return Violation(f"a sentence of at most {LONGEST} characters and a full stop", repr(said))


@check(
    "Declare the config with @config and every field with setting(...), with a default that keeps "
    "its own bounds.",
    needs=("import-strings",),
)
def config_defaults(case: SpecCase) -> Violation | None:
    """A config can be made of its defaults, and they are what it holds."""
    made = case.sample()
    for key, value in needed_values(case.config).items():
        if getattr(made, key) != value:
            return Violation(f"{key} = {value!r}, as given", f"{getattr(made, key)!r}")
    return None


@check(
    "Give every setting a help that is one sentence with a full stop.", needs=("config-defaults",)
)
def config_documented(case: SpecCase) -> Violation | None:
    """Every setting is told in one sentence."""
    for key, each in settings_of(case.config).items():
        said = each.info.help
        if not said.endswith(".") or "\n" in said:
            return Violation(f"a sentence for {key}", repr(said))
    return None


@check(
    "Hold what TOML can say (numbers, text, booleans, paths), derive nothing from it, and name no "
    "field 'name', by which recipes name the part itself.",
    needs=("config-defaults",),
)
def config_round_trip(case: SpecCase) -> Violation | None:
    """A config comes back from its values, from JSON and from TOML."""
    if "name" in settings_of(case.config):
        return Violation("no setting called 'name'", "there is one")
    made = case.sample()
    values = values_of(made)
    forms = {
        "values": values,
        "JSON": json.loads(json.dumps(values, allow_nan=False)),
        "TOML": tomllib.loads(_toml(values)),
    }
    for form, each in forms.items():
        if build_config(case.config, "config", each) != made:
            again = build_config(case.config, "config", each)
            return Violation(f"{made} from its {form}", f"{again}")
    return None


def _toml(values: dict[str, Any]) -> str:
    """Values as TOML, where text, numbers and booleans read as in JSON."""
    said = {key: "none" if value is None else value for key, value in values.items()}
    return "\n".join(f"{key} = {json.dumps(value)}" for key, value in said.items())


CHECKS = (import_strings, summary)
CONFIG_CHECKS = (config_defaults, config_documented, config_round_trip)
