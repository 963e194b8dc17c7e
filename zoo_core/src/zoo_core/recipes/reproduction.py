"""A reproduction: recipes that were trained here, compared with their published results."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, final

from zoo_core.configs.records import read_record
from zoo_core.data.splits import main_split
from zoo_core.errors import IntegrityError
from zoo_core.recipes.published import Published
from zoo_core.recipes.recipe import Recipe
from zoo_core.run_folder.objective import Objective

Verdict: TypeAlias = Literal["reproduced", "better", "missed", "unpublished", "failed"]
FAILURES = ("missed", "failed")
"""The verdicts that make ``zoo reproduce`` fail."""


@final
@dataclass(frozen=True, kw_only=True)
class ReproductionResult:
    """The result of one recipe, a row of the report.

    Args:
        recipe: Name of the recipe.
        metric: The metric that is compared, or empty if training failed and nothing is published.
        split: The split that it is measured on.
        published: ``low``, ``high``, ``source`` and ``words`` of the published result, or None.
        ours: The measured value with as many digits as were published; None if training failed.
        measured: The measured value in full.
        verdict: How ``ours`` compares with ``published``.
        seconds: Duration of the training.
        seed: Seed of the run.
        date: Start of the training in ISO 8601.
        reason: Why training failed, or the recipe's note.
        seeds: The seeds, if there are several; ``measured`` is then their mean.
        spread: The standard deviation over the seeds; None for a single one.
        machine: Facts about the machine that trained it.
    """

    recipe: str
    metric: str
    split: str
    published: dict[str, Any] | None
    ours: float | None
    measured: float | None
    verdict: Verdict
    seconds: float
    seed: int
    date: str
    reason: str
    seeds: tuple[int, ...] = ()
    spread: float | None = None
    machine: dict[str, str] = field(default_factory=dict)

    def published_in_words(self) -> str:
        """Returns the published value or range with its digits."""
        return str(self.published["words"]) if self.published else ""

    def seconds_in_words(self) -> str:
        """Returns the duration in whole seconds, below one with two digits."""
        return f"{self.seconds:.0f}" if self.seconds >= 1 else f"{self.seconds:.2g}"

    def measured_in_words(self) -> str:
        """Returns the measured value with as many digits as were published, else three.

        The spread over several seeds comes after it, such as ``0.98 ± 0.012``.
        """
        if self.ours is None:
            return ""
        digits = 3
        if self.published:
            digits = len(self.published_in_words().partition("–")[0].partition(".")[2])
        spread = "" if self.spread is None else f" ± {self.spread:.2g}"
        return f"{self.ours:.{digits}f}{spread}"


@final
class _ReproductionFile(NamedTuple):
    """The content of ``reproduction.json``.

    Args:
        rows: The results.
        machine: The machine of the rows that name none; former versions wrote one for all.
    """

    rows: list[ReproductionResult]
    machine: dict[str, str] = {}  # noqa: RUF012  # a NamedTuple's default, which nobody changes


def compare(
    recipe: Recipe,
    metrics: Mapping[str, Mapping[str, float]],
    objective: Objective,
    *,
    seconds: float,
    seed: int,
    date: str,
) -> ReproductionResult:
    """Returns the result of a recipe whose training ended with these metrics.

    If nothing was published, the result shows the main metric on the run's main split. A metric
    that is missing or not finite makes the result ``failed``.
    """
    published = recipe.published
    split: str = published.split if published else main_split(metrics) or "train"
    metric = published.metric if published else objective.metric
    measured = metrics.get(split, {}).get(metric)
    if measured is None or not math.isfinite(measured):
        reason = f"{split} {metric} is {measured}"
        if measured is None:
            reason = f"no {metric} was measured on split {split}"
        return failed(recipe, reason, seconds=seconds, seed=seed, date=date)
    return ReproductionResult(
        recipe=recipe.name,
        metric=metric,
        split=split,
        published=_published_values(published),
        ours=float(published.rounded(measured) if published else round(measured, 3)),
        measured=measured,
        verdict=_verdict(published, measured, objective),
        seconds=round(seconds, 2),
        seed=seed,
        date=date,
        reason=str(recipe.tables.get("note", "")),
    )


def _verdict(published: Published | None, measured: float, objective: Objective) -> Verdict:
    if published is None:
        return "unpublished"
    higher = objective.higher_is_better(published.metric)
    return published.verdict(measured, higher_is_better=higher)


def compare_seeds(
    recipe: Recipe,
    metrics: Mapping[int, Mapping[str, Mapping[str, float]]],
    objective: Objective,
    *,
    seconds: float,
    date: str,
) -> ReproductionResult:
    """Returns the result of a recipe that was trained with several seeds: that of their mean.

    Args:
        recipe: The recipe.
        metrics: The metrics by seed, split and name.
        objective: The objective of the runs.
        seconds: Duration of all trainings.
        date: Start of the first training in ISO 8601.
    """
    first = min(metrics)
    means: dict[str, dict[str, float]] = {}
    for split, names in metrics[first].items():
        for name in names:
            values = [by_split.get(split, {}).get(name) for by_split in metrics.values()]
            measured = [value for value in values if value is not None]
            if len(measured) == len(values):  # else no mean is that of all seeds
                means.setdefault(split, {})[name] = statistics.fmean(measured)
    result = compare(recipe, means, objective, seconds=seconds, seed=first, date=date)
    if len(metrics) == 1 or result.measured is None:
        return result
    values_of_metric = [by_split[result.split][result.metric] for by_split in metrics.values()]
    return replace(result, seeds=tuple(sorted(metrics)), spread=statistics.stdev(values_of_metric))


def failed(
    recipe: Recipe, reason: str, *, seconds: float, seed: int, date: str
) -> ReproductionResult:
    """Returns the result of a recipe whose training failed."""
    published = recipe.published
    return ReproductionResult(
        recipe=recipe.name,
        metric=published.metric if published else "",
        split=published.split if published else "",
        published=_published_values(published),
        ours=None,
        measured=None,
        verdict="failed",
        seconds=round(seconds, 2),
        seed=seed,
        date=date,
        reason=reason,
    )


def _published_values(published: Published | None) -> dict[str, Any] | None:
    return published.to_json() | {"words": published.in_words()} if published else None


def merge(
    old: Iterable[ReproductionResult], new: Iterable[ReproductionResult]
) -> list[ReproductionResult]:
    """Returns the results of both, sorted by recipe; a new result replaces an old one."""
    results = {result.recipe: result for result in (*old, *new)}
    return [results[name] for name in sorted(results)]


def read_reproduction(path: Path) -> list[ReproductionResult]:
    """Returns the results in a file; none if there is no file.

    Raises:
        IntegrityError: The file does not hold a reproduction.
    """
    if not path.exists():
        return []
    try:
        values = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise IntegrityError(f"{path}: not valid JSON: {error}") from None
    found = read_record(_ReproductionFile, values, source=str(path), allow_unknown=True)
    return [row if row.machine else replace(row, machine=found.machine) for row in found.rows]


def to_json(results: Iterable[ReproductionResult]) -> str:
    """Returns results in the form of the file."""
    values = {"rows": [asdict(result) for result in results]}
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"


def markdown(results: list[ReproductionResult]) -> str:
    """Returns a table of the results, with machines, dates and the reasons of failures below it."""
    lines = [
        "| recipe | metric (split) | published | ours | verdict | seconds |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for result in results:
        cells = [
            f"`{result.recipe}`",
            f"{result.metric} ({result.split})" if result.metric else "",
            result.published_in_words(),
            result.measured_in_words(),
            result.verdict,
            result.seconds_in_words(),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += _machines(results)
    by_seeds: dict[tuple[int, ...], list[str]] = {}
    for result in results:
        if result.spread is not None:
            by_seeds.setdefault(result.seeds, []).append(f"`{result.recipe}`")
    for seeds, names in by_seeds.items():
        lines.append(
            f"\n{', '.join(names)}: mean ± standard deviation over the seeds "
            f"{', '.join(map(str, seeds))}; the verdict is about the mean."
        )
    for result in results:
        if result.verdict in FAILURES:
            lines.append(f"\n`{result.recipe}` {result.verdict}: {result.reason}")
    return "\n".join(lines) + "\n"


def _machines(results: list[ReproductionResult]) -> list[str]:
    """Returns a paragraph for each machine, the one with most rows first, the others with names."""
    by_machine: dict[str, list[ReproductionResult]] = {}
    for result in results:
        by_machine.setdefault(", ".join(result.machine.values()), []).append(result)
    lines: list[str] = []
    for machine, rows in sorted(by_machine.items(), key=lambda item: -len(item[1])):
        names = ", ".join(f"`{row.recipe}`" for row in rows)
        subject = f"{names}: measured" if lines else "Measured"
        lines += ["", f"{subject} on {machine}; {_days(rows)}."]
    return lines


def _days(results: list[ReproductionResult]) -> str:
    days = sorted({result.date[:10] for result in results})
    if len(days) <= 1:
        return "".join(days)
    return f"{days[0]} to {days[-1]}"
