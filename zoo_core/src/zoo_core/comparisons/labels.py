"""What differs between runs, and short names for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo_core.configs.settings import as_typed
from zoo_core.run_folder.run_config import SECTIONS, RunConfig

WITHOUT_EFFECT = ("trainer.save_every",)
"""Settings that change no result."""


def differences(run_configs: Sequence[RunConfig]) -> list[list[str]]:
    """Returns what each run config sets otherwise than another one, such as ``hidden_size = 64``.

    A setting that only one of two models has is no difference.
    """
    return changes([_settings(run_config) for run_config in run_configs])


def labels(run_configs: Sequence[RunConfig]) -> list[str]:
    """Returns a name for each run config: the model, with what tells it from others of its model.

    Names are different if the run configs are.
    """
    models = [run_config.model for run_config in run_configs]
    names = []
    for run_config in run_configs:
        if models.count(run_config.model) == 1:
            names.append(run_config.model)
            continue
        same = [other for other in run_configs if other.model == run_config.model]
        recipes = [other.recipe for other in same]
        if run_config.recipe and recipes.count(run_config.recipe) == 1:
            names.append(run_config.recipe)
            continue
        texts = differences(same)[same.index(run_config)]
        names.append(" ".join([run_config.model, *(text.replace(" = ", "=") for text in texts)]))
    return names


def _settings(run_config: RunConfig) -> dict[str, Any]:
    """Returns everything that decides the result but model and seed, by name."""
    values: dict[str, Any] = {
        section: getattr(run_config, section) for section in SECTIONS if section != "model"
    }
    for section in SECTIONS:
        values |= {f"{section}.{key}": value for key, value in run_config.configs[section].items()}
    for name in ("precision", "budget", "token_budget", "unknown", "compile"):
        values[name] = getattr(run_config, name)
    values["source"] = run_config.source or None
    return {name: value for name, value in values.items() if name not in WITHOUT_EFFECT}


def changes(settings: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Returns what each table of settings has otherwise than another, such as ``size = 64``."""
    names = list(dict.fromkeys(name for values in settings for name in values))
    found: list[list[str]] = [[] for _ in settings]
    keys = [name.rpartition(".")[2] for name in names]
    for name, key in zip(names, keys, strict=True):
        holders = [values[name] for values in settings if name in values]
        if all(value == holders[0] for value in holders):
            continue
        shown = key if keys.count(key) == 1 else name
        for values, texts in zip(settings, found, strict=True):
            if name in values:
                texts.append(f"{shown} = {as_typed(values[name])}")
    return found
