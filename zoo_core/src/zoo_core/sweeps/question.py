"""A question: the run config that its runs share, and the grids that say what varies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

from zoo_core.configs.settings import as_typed
from zoo_core.errors import TargetError
from zoo_core.run_folder.run_config import SECTIONS, RunConfig
from zoo_core.sweeps.grid import Grid
from zoo_core.sweeps.names import run_name

SHARED = ("model", "dataset", "trainer", "plugins", "recipe", "device", "backend", "precision")
"""The fields of the run config that every run of a question has in common, beside the next."""
SHARED_TOO = ("budget", "token_budget", "source", "unknown")


@final
@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """A run of a sweep, trained or not.

    Args:
        name: The name of its folder.
        seed: The seed.
        label: The label of its question.
        settings: The settings that its name shows, by flat key such as ``model.hidden_size``.
        run_config: Everything that decides the run.
        extends_vocabulary: Whether new symbols of the data are added to the vocabulary of the
            checkpoint that the run starts from.
    """

    name: str
    seed: int
    label: str
    settings: dict[str, Any]
    run_config: RunConfig
    extends_vocabulary: bool = False


@final
@dataclass(frozen=True, kw_only=True)
class Question:
    """Runs that differ in their seeds and in a few settings.

    Args:
        base: The run config of every run but for what varies. Its seed and threads do not count.
        grids: What varies; later questions into the same folder add grids.
        label: What the names of the runs show after the seed, such as ``model=lstm-embed``, where
            a sweep has several questions.
        named: The flat keys that the name of every run shows. Other keys are shown if their value
            is not that of ``base``.
        extends_vocabulary: Whether new symbols of the data are added to the vocabulary of the
            checkpoint that the runs start from.
    """

    base: RunConfig
    grids: tuple[Grid, ...]
    label: str = ""
    named: tuple[str, ...] = ()
    extends_vocabulary: bool = False

    def runs(self, threads: int) -> Iterator[PlannedRun]:
        """Yields the runs in the order of the grids; one that two grids have comes twice.

        Args:
            threads: The threads of torch of each run.
        """
        for grid in self.grids:
            for settings in grid.settings():
                values = {key: self._converted(key, value) for key, value in settings.items()}
                for seed in grid.seeds:
                    yield self._run(seed, values, threads)

    def _run(self, seed: int, values: Mapping[str, Any], threads: int) -> PlannedRun:
        keys = (*self.named, *(key for key in values if key not in self.named))
        settings = {
            key: value
            for key in keys
            if (value := values.get(key, value_of(self.base, key))) != value_of(self.base, key)
            or key in self.named
        }
        base = replace(self.base, seed=seed, threads=threads)
        return PlannedRun(
            name=run_name(seed, self.label, settings, self.base.configs),
            seed=seed,
            label=self.label,
            settings=settings,
            run_config=with_values(base, values),
            extends_vocabulary=self.extends_vocabulary,
        )

    def _converted(self, key: str, value: Any) -> Any:
        """Returns a drawn number as an integer if the setting is one."""
        is_integer = type(value_of(self.base, key)) is int
        return round(value) if is_integer and isinstance(value, float) else value

    def merged(self, later: Question, where: object) -> Question:
        """Returns this question with the runs of a later one.

        A setting that the later question has and this one lacks becomes one that varies.

        Args:
            later: The later question.
            where: The folder of the sweep, for errors.

        Raises:
            TargetError: They differ in more than seeds and settings.
        """
        for name in (*SHARED, *SHARED_TOO):
            before, now = getattr(self.base, name), getattr(later.base, name)
            if before != now:
                raise TargetError(
                    f"{where} holds a sweep with {_described(name, before)}, not "
                    f"{_described(name, now)}; choose another folder with --out"
                )
        if self.extends_vocabulary != later.extends_vocabulary:
            raise TargetError(
                f"{where} holds a sweep with another --extend-vocabulary; choose another folder"
            )
        grids = self.grids
        for grid in later.grids:
            whole = self._complete(grid, later.base)
            if not any(known.covers(whole) for known in grids):
                grids = (*(known for known in grids if not whole.covers(known)), whole)
        return replace(self, grids=grids)

    def _complete(self, grid: Grid, base: RunConfig) -> Grid:
        """Returns a grid of another base with a value of every setting that this base lacks."""
        for section in SECTIONS:
            for name, value in base.configs[section].items():
                key = f"{section}.{name}"
                differs = key in self.named or value != self.base.configs[section].get(name)
                if differs and key not in grid.keys:
                    grid = grid.with_value(key, value)
        return grid


def value_of(run_config: RunConfig, key: str) -> Any:
    """Returns the value of a flat key such as ``model.hidden_size``; None if there is none."""
    section, _, name = key.partition(".")
    return run_config.configs.get(section, {}).get(name)


def with_values(run_config: RunConfig, values: Mapping[str, Any]) -> RunConfig:
    """Returns a run config with other values of settings, by flat key."""
    configs = {section: dict(table) for section, table in run_config.configs.items()}
    for key, value in values.items():
        section, _, name = key.partition(".")
        configs[section][name] = value
    return replace(run_config, configs=configs)


def _described(name: str, value: Any) -> str:
    if name == "budget":
        return f"a budget of {value:g} s" if value else "no budget"
    if name == "token_budget":
        return f"a budget of {value:,} tokens" if value else "no budget of tokens"
    if name == "plugins":
        return f"plugins {', '.join(dict.fromkeys(value.values()))}"
    return f"{name} {as_typed(value)}" if value else f"no {name}"
