"""Something for the settings that must be given, so that a config can be made."""

from __future__ import annotations

from dataclasses import MISSING
from pathlib import Path
from typing import Any

from zoo_core.configs.settings import Setting, settings_of
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec

FILE = Path(__file__).parents[1] / "errors.py"
"""A file that is there on every machine, and is text."""
NUMBERS: dict[type, tuple[float, ...]] = {int: (1, 2, 8, 64, 0), float: (0.5, 1.0, 2.0, 0.0)}


def needed_values(config: type) -> dict[str, Any]:
    """A value for every setting of a config that has no default."""
    needed = [each for each in settings_of(config).values() if each.default is MISSING]
    return {each.key: _sample(each) for each in needed}


def dataset_values(spec: DatasetSpec) -> dict[str, Any]:
    """Returns the settings under which the checks open a dataset: the spec's own come first."""
    values = needed_values(resolve(spec.config))
    if spec.sample_settings:
        values |= resolve(spec.sample_settings)()
    return values


def _sample(setting: Setting) -> Any:
    if setting.choices:
        return setting.choices[0]
    if setting.type in NUMBERS:
        admitted = (each for each in NUMBERS[setting.type] if setting.info.admits(each))
        return next(admitted, setting.info.at_least)
    return {bool: False, Path: FILE}.get(setting.type, "text")
