"""The runs of a report by setting: runs that differ in their seeds alone belong together."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, stdev
from typing import NamedTuple, final

from zoo_core.comparisons.labels import labels
from zoo_core.comparisons.run_record import RunRecord, settings_key
from zoo_core.escaping import one_line

MAX_LABEL = 80
"""Characters of a label."""


@final
class Group(NamedTuple):
    """The runs of one setting.

    Args:
        label: A short name that no other group has.
        runs: The runs, by seed.
    """

    label: str
    runs: tuple[RunRecord, ...]

    @property
    def seeds(self) -> list[int]:
        """The seeds, ascending."""
        return [run.run_config.seed for run in self.runs]


def group_runs(runs: Sequence[RunRecord]) -> list[Group]:
    """Returns the groups of runs, in the order of their first runs."""
    by_setting: dict[tuple[str, str], list[RunRecord]] = {}
    for run in runs:
        key = settings_key(run.run_config), run.fingerprint
        by_setting.setdefault(key, []).append(run)
    members = [
        tuple(sorted(group, key=lambda run: run.run_config.seed)) for group in by_setting.values()
    ]
    names = labels([group[0].run_config for group in members])
    return [Group(label, group) for label, group in zip(_unique(names), members, strict=True)]


def _unique(names: Sequence[str]) -> list[str]:
    """Returns names in one line, shortened, with a number where they would be the same."""
    short = [one_line(name) for name in names]
    short = [name if len(name) <= MAX_LABEL else f"{name[: MAX_LABEL - 1]}…" for name in short]
    return [
        f"{name} ({short[: position + 1].count(name)})" if short.count(name) > 1 else name
        for position, name in enumerate(short)
    ]


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float | None]:
    """Returns the mean and the sample standard deviation; None in its place for one value."""
    return fmean(values), stdev(values) if len(values) > 1 else None
