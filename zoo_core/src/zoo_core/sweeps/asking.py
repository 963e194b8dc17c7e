"""Making a question of values and ranges, as ``zoo sweep`` and ``zoo_core.sweep`` take them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, final

from zoo_core.errors import ConfigError
from zoo_core.recipes.resolve import ResolvedRun
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.sweeps.grid import Grid
from zoo_core.sweeps.question import Question


@final
class Asked(NamedTuple):
    """What varies.

    Args:
        values: The values of settings by flat key; one value alone does not vary.
        ranges: The ranges to draw settings from, by flat key.
        random: The number of random combinations; 0 for every combination.
    """

    values: dict[str, list[Any]]
    ranges: dict[str, str]
    random: int = 0

    def first(self) -> dict[str, dict[str, Any]]:
        """Returns the first value of each setting, by section and key."""
        first: dict[str, dict[str, Any]] = {}
        for key, entries in self.values.items():
            section, _, name = key.partition(".")
            first.setdefault(section, {})[name] = entries[0]
        return first

    def question(
        self,
        resolved: ResolvedRun,
        run_config: RunConfig,
        seeds: Sequence[int],
        *,
        extends_vocabulary: bool = False,
    ) -> Question:
        """Returns the question.

        Args:
            resolved: Model, dataset and trainer.
            run_config: The run config with ``first()``.
            seeds: The seeds, of which each counts once; none for that of the run config.
            extends_vocabulary: See ``Question``.

        Raises:
            ConfigError: There is a range and no number of draws.
        """
        varied = {key: tuple(values) for key, values in self.values.items() if len(values) > 1}
        if self.ranges and not self.random:
            raise ConfigError(f"{next(iter(self.ranges))}: a range needs a number of random draws")
        grid = Grid(
            seeds=tuple(dict.fromkeys(seeds)) or (run_config.seed,),
            values=varied,
            ranges=self.ranges,
            random=self.random if varied or self.ranges else 0,
        )
        return Question(
            base=replace(run_config, seed=0, threads=0),
            grids=(grid,),
            named=_in_order(resolved, grid.keys),
            extends_vocabulary=extends_vocabulary,
        )


def _in_order(resolved: ResolvedRun, keys: Collection[str]) -> tuple[str, ...]:
    """Returns flat keys in the order of the settings, in which order they were given or not."""
    every = [
        f"{section}.{setting.key}"
        for section in resolved.configs
        for setting in resolved.settings(section)
    ]
    return tuple(key for key in every if key in keys)
