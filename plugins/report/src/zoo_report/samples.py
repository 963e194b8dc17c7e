"""Generated text of a report, as it changes over the training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, final

from zoo_core.run_folder.run_log import SampleRow, read_samples
from zoo_report.groups import Group

MAX_SAMPLES = 12
"""Samples of a run."""
MAX_LENGTH = 1000
"""Characters of a sample."""


@final
class Samples(NamedTuple):
    """The samples of a group's first run that has any.

    Args:
        label: The label of the group.
        seed: The seed of the run.
        rows: The samples, from the first epoch on.
    """

    label: str
    seed: int
    rows: list[SampleRow]


def samples(groups: Sequence[Group]) -> list[Samples]:
    """Returns the samples of the groups whose runs generated text."""
    found = []
    for group in groups:
        for run in group.runs:
            if rows := read_samples(run.folder):
                found.append(Samples(group.label, run.run_config.seed, _choose(rows)))
                break
    return found


def _choose(rows: list[SampleRow]) -> list[SampleRow]:
    """Returns the first and the last sample and equally spaced ones between them."""
    last = len(rows) - 1
    count = min(len(rows), MAX_SAMPLES)
    chosen = [rows[round(number * last / max(count - 1, 1))] for number in range(count)]
    return [
        row if len(row.text) <= MAX_LENGTH else row._replace(text=f"{row.text[:MAX_LENGTH]}…")
        for row in chosen
    ]
