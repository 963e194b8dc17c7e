"""Sample values for settings without a default, so that every config can be built."""

from __future__ import annotations

from dataclasses import MISSING
from pathlib import Path
from typing import Any

import zoo_core.errors
from zoo_core.configs.settings import Setting, settings_of
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec

SAMPLE_FILE = Path(zoo_core.errors.__file__)
"""A text file that exists wherever zoo-core is installed."""
SAMPLE_NUMBERS: dict[type, tuple[float, ...]] = {
    int: (1, 2, 8, 64, 0),
    float: (0.5, 1.0, 2.0, 0.0),
}


def needed_values(config: type) -> dict[str, Any]:
    """Returns a value for every setting of a config class that has no default."""
    settings = settings_of(config).values()
    return {
        setting.key: _sample_value(setting) for setting in settings if setting.default is MISSING
    }


def dataset_values(spec: DatasetSpec) -> dict[str, Any]:
    """Returns the settings that the checks build a dataset with.

    The spec's ``sample_settings`` take precedence over sample values.
    """
    values = needed_values(resolve(spec.config))
    if spec.sample_settings:
        values |= resolve(spec.sample_settings)()
    return values


def _sample_value(setting: Setting) -> Any:
    value = _one_sample_value(setting)
    return (value,) if setting.many else value


def _one_sample_value(setting: Setting) -> Any:
    if setting.choices:
        return setting.choices[0]
    if setting.type in SAMPLE_NUMBERS:
        numbers = SAMPLE_NUMBERS[setting.type]
        admitted = (number for number in numbers if setting.info.admits(number))
        return next(admitted, setting.info.at_least)
    return {bool: False, Path: SAMPLE_FILE}.get(setting.type, "text")
