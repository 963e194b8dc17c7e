"""Settings of ``zoo sweep``: values that a comma separates, and ranges."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import click

from zoo_core.configs.settings import Setting
from zoo_core.recipes.resolve import ResolvedRun
from zoo_core.sweeps.asking import Asked
from zoo_core.sweeps.checking import check_range

COMMA = re.compile(r"(?<!\\),")


def parse_swept(
    resolved: ResolvedRun, settings: Mapping[str, Mapping[str, Sequence[str]]], draws: int | None
) -> Asked:
    """Returns what the typed settings of a sweep ask for.

    Args:
        resolved: Model, dataset and trainer.
        settings: The typed texts of each setting, by section and key.
        draws: The number of ``--random``, if it is typed.

    Raises:
        ConfigError: A value is not allowed.
        click.UsageError: There is a range without --random, or --random with nothing to draw.
    """
    values: dict[str, list[Any]] = {}
    ranges: dict[str, str] = {}
    for section, typed in settings.items():
        known = {setting.key: setting for setting in resolved.settings(section)}
        for key, texts in typed.items():
            flag = f"--{section}.{key.replace('_', '-')}"
            setting = known[key]._replace(label=flag)
            if len(texts) == 1 and _is_range(setting, texts[0]):
                if draws is None:
                    raise click.UsageError(f"{flag} {texts[0]}: a range needs --random N")
                check_range(setting, texts[0])
                ranges[f"{section}.{key}"] = texts[0]
                continue
            values[f"{section}.{key}"] = _values(setting, texts)
    if draws is not None and not ranges and all(len(entries) == 1 for entries in values.values()):
        raise click.UsageError(
            "--random draws from ranges and lists: add one, such as "
            "--trainer.learning-rate log:1e-4..1e-1"
        )
    return Asked(values, ranges, draws or 0)


def _values(setting: Setting, texts: Sequence[str]) -> list[Any]:
    """Returns the values of a flag; where the setting is a list, a repeated flag is one list."""
    if setting.many and len(texts) > 1:
        return [setting.check(list(texts))]
    parsed = [setting.parse(text) for text in split_values(texts)]
    return list(dict.fromkeys(parsed))


def _is_range(setting: Setting, text: str) -> bool:
    return setting.type in (int, float) and ".." in text


def split_values(texts: Sequence[str]) -> list[str]:
    r"""Returns the values of a flag that was typed once or several times.

    A comma separates values. ``\,`` is a comma within a value, and so is every comma of a flag
    that is typed several times, once for each value.

    >>> split_values([r"1,2\,5"]), split_values(["a,b", "c"])
    (['1', '2,5'], ['a,b', 'c'])
    """
    if len(texts) > 1:
        return list(texts)
    return [part.replace(r"\,", ",") for text in texts for part in COMMA.split(text)]
