"""Lists of numbers in a setting: ``0.1 0.5 0.9``."""

from __future__ import annotations

import math

from zoo_core.errors import ConfigError


def parse_numbers(text: str, key: str, expected: str) -> tuple[float, ...]:
    """Returns the numbers of a setting, separated by blanks or commas.

    Args:
        text: The value of the setting.
        key: The setting that errors name, such as ``trainer.quantiles``.
        expected: What errors say that it must be.

    Raises:
        ConfigError: The text has no number, or something else.
    """
    try:
        numbers = tuple(float(word) for word in text.replace(",", " ").split())
    except ValueError:
        numbers = ()
    if not numbers or not all(map(math.isfinite, numbers)):
        raise ConfigError(f"{key} = {text!r:.80}: expected {expected}")
    return numbers
