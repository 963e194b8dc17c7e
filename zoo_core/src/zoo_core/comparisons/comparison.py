"""A comparison: a row for each setting, with mean and standard deviation over its seeds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Literal, NamedTuple, TypeAlias, final

from zoo_core.comparisons.labels import differences, labels
from zoo_core.comparisons.run_record import CurvePoint, RunRecord, settings_key
from zoo_core.comparisons.statistics import SIGNIFICANCE, Difference, holm, welch
from zoo_core.data.splits import SELECTION_ORDER
from zoo_core.errors import MisfitError, NotFoundError, suggest
from zoo_core.references import shown

Verdict: TypeAlias = Literal["best", "within the spread", "worse", "not compared"]
COVERAGE = "coverage"
"""The metric that says which share of a split was evaluated."""


@final
@dataclass(frozen=True, kw_only=True)
class ComparisonRow:
    """The runs of one setting, which differ in their seeds alone.

    Args:
        label: A short name that no other row has.
        model: The model.
        recipe: ``model.tag``, or empty.
        differences: What the row sets otherwise than another one, such as ``hidden_size = 64``.
        seeds: The seeds, ascending.
        parameters: The number of trained parameters.
        tokens: The targets predicted in training, the mean over the seeds.
        seconds: Seconds of the training steps, the mean over the seeds; None where times do not
            compare.
        tokens_per_second: The speed of the training steps; None where times do not compare.
        values: The metric of the best weights of each run, in the order of the seeds.
        mean: The mean of the values.
        deviation: Their sample standard deviation; None for one seed.
        target_seconds: Seconds of the training steps until an epoch ended with the metric at the
            target or better, the mean over the seeds; None if a run never reached it, if there is
            no target, or where times do not compare.
        target_tokens: The targets predicted until then; None if a run never reached it.
        reached: The number of runs that reached the target.
        verdict: How the row compares with the best one.
        difference: Its mean minus that of the best row; None for the best row or where a row has
            one seed.
        p_value: The probability of such a difference between equal means, adjusted for the number
            of rows; None as ``difference``.
        runs: The runs, in the order of the seeds.
        timed_runs: Those whose times compare.
    """

    label: str
    model: str
    recipe: str
    differences: tuple[str, ...]
    seeds: tuple[int, ...]
    parameters: int
    tokens: float
    seconds: float | None
    tokens_per_second: float | None
    values: tuple[float, ...]
    mean: float
    deviation: float | None
    target_seconds: float | None
    target_tokens: float | None
    reached: int
    verdict: Verdict
    difference: Difference | None
    p_value: float | None
    runs: tuple[RunRecord, ...]
    timed_runs: tuple[RunRecord, ...] = ()


@final
@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Runs on the same data, side by side.

    Args:
        dataset: The dataset.
        metric: The metric that the rows are sorted by.
        split: The split that it is measured on.
        higher_is_better: Whether the higher of two values is the better one.
        target: The value of the metric to reach, or None.
        has_times: Whether the times of the runs compare.
        rows: The rows, the best first.
        remarks: What a reader must know, one line for each.
    """

    dataset: str
    metric: str
    split: str
    higher_is_better: bool
    target: float | None
    has_times: bool
    rows: tuple[ComparisonRow, ...]
    remarks: tuple[str, ...]

    @property
    def table(self) -> list[dict[str, Any]]:
        """The rows as plain values, which ``pandas.DataFrame`` takes as they are."""
        return [self._plain(row) for row in self.rows]

    def _plain(self, row: ComparisonRow) -> dict[str, Any]:
        difference = row.difference
        return {
            "model": row.model,
            "recipe": row.recipe,
            "differences": "; ".join(row.differences),
            "seeds": " ".join(map(str, row.seeds)),
            "parameters": row.parameters,
            "tokens": row.tokens,
            "seconds": row.seconds,
            "tokens_per_second": row.tokens_per_second,
            "metric": f"{self.split}.{self.metric}",
            "mean": row.mean,
            "deviation": row.deviation,
            "target": self.target,
            "reached": None if self.target is None else row.reached,
            "target_seconds": row.target_seconds,
            "target_tokens": row.target_tokens,
            "verdict": row.verdict,
            "difference": difference.mean if difference else None,
            "difference_low": difference.low if difference else None,
            "difference_high": difference.high if difference else None,
            "p_value": row.p_value,
        }


def compare_runs(
    runs: Sequence[RunRecord],
    *,
    metric: str = "",
    target: float | None = None,
    timed: Collection[Path] = (),
    remarks: Sequence[str] = (),
) -> Comparison:
    """Compares runs on the same data.

    Args:
        runs: The runs; those that differ in their seeds alone share a row.
        metric: ``metric`` or ``split.metric``; empty for the main metric of the trainer. Without
            a split it is the first of validation, test and train on which every run has it.
        target: The value of the metric to reach.
        timed: The folders of the runs whose times compare: made by turns on the same cores.
        remarks: Further remarks of the comparison.

    Raises:
        MisfitError: The runs are on different data, or none was evaluated before it stopped.
        NotFoundError: A run has no such metric.
    """
    remarks = [*remarks, *_interruptions(runs)]
    runs = [run for run in runs if run.metrics]
    if not runs:
        raise MisfitError(f"nothing to compare: {'; '.join(remarks)}")
    remarks += _check_data(runs)
    split, name = find_metric(runs, metric)
    higher = runs[0].objective.higher_is_better(name)
    remarks += evaluation_remarks(runs, split)
    groups: dict[str, list[RunRecord]] = {}
    for run in sorted(runs, key=lambda run: run.run_config.seed):
        groups.setdefault(settings_key(run.run_config), []).append(run)
    firsts = [group[0].run_config for group in groups.values()]
    measure = _Measure(split, name, higher, target)
    rows = [
        _row(group, label, changes, measure, timed)
        for group, label, changes in zip(
            groups.values(), labels(firsts), differences(firsts), strict=True
        )
    ]
    rows.sort(key=lambda row: -row.mean if higher else row.mean)
    return Comparison(
        dataset=runs[0].run_config.dataset,
        metric=name,
        split=split,
        higher_is_better=higher,
        target=target,
        has_times=any(row.seconds is not None for row in rows),
        rows=tuple(_with_verdicts(rows)),
        remarks=tuple(remarks),
    )


@final
class _Measure(NamedTuple):
    """What is compared.

    Args:
        split: The split.
        metric: The metric.
        higher_is_better: Whether the higher of two values is the better one.
        target: The value to reach, or None.
    """

    split: str
    metric: str
    higher_is_better: bool
    target: float | None

    def value(self, metrics: Mapping[str, Mapping[str, float]]) -> float:
        """Returns the value among metrics by split and name."""
        return metrics[self.split][self.metric]

    def reached(self, run: RunRecord) -> CurvePoint | None:
        """Returns the first epoch of a run that ended with the target; None if none did.

        The metrics of an epoch on the train split are those of the weights while they change, so
        there the evaluation at the end of the run counts too.
        """
        for point in run.curve:
            if self._is_reached(point.metrics.get(self.split, {}).get(self.metric)):
                return point
        if self.split == "train" and run.curve and self._is_reached(self.value(run.metrics)):
            return run.curve[-1]
        return None

    def _is_reached(self, value: float | None) -> bool:
        if value is None or self.target is None:
            return False
        return value >= self.target if self.higher_is_better else value <= self.target


def _row(
    runs: Sequence[RunRecord],
    label: str,
    changes: Sequence[str],
    measure: _Measure,
    timed: Collection[Path],
) -> ComparisonRow:
    values = [measure.value(run.metrics) for run in runs]
    timed_runs = [run for run in runs if run.folder in timed]
    points = [point for run in runs if (point := measure.reached(run))]
    timed_points = [point for run in timed_runs if (point := measure.reached(run))]
    seconds = _mean(timed_runs, lambda run: run.training_seconds)
    has_all = len(points) == len(runs)
    return ComparisonRow(
        label=label,
        model=runs[0].run_config.model,
        recipe=runs[0].run_config.recipe,
        differences=tuple(changes),
        seeds=tuple(run.run_config.seed for run in runs),
        parameters=runs[0].parameters,
        tokens=fmean(run.tokens for run in runs),
        seconds=seconds,
        tokens_per_second=fmean(run.tokens for run in timed_runs) / seconds if seconds else None,
        values=tuple(values),
        mean=fmean(values),
        deviation=stdev(values) if len(values) > 1 else None,
        target_seconds=_mean(timed_points, lambda point: point.seconds) if has_all else None,
        target_tokens=_mean(points, lambda point: point.tokens) if has_all else None,
        reached=len(points),
        verdict="not compared",
        difference=None,
        p_value=None,
        runs=tuple(runs),
        timed_runs=tuple(timed_runs),
    )


def _mean(items: Sequence[Any], value: Callable[[Any], float | None]) -> float | None:
    """Returns the mean of a value of items; None if there are none or one has no such value."""
    values = [value(item) for item in items]
    known = [number for number in values if number is not None]
    return fmean(known) if known and len(known) == len(values) else None


def _with_verdicts(rows: Sequence[ComparisonRow]) -> list[ComparisonRow]:
    """Returns rows, sorted from the best on, with their verdicts."""
    best, *others = rows
    found = [welch(row.values, best.values) for row in others]
    compared = [difference for difference in found if difference]
    adjusted = iter(holm([difference.p_value for difference in compared]))
    judged = [replace(best, verdict="best")]
    for row, difference in zip(others, found, strict=True):
        if difference is None:
            judged.append(row)
            continue
        p_value = next(adjusted)
        verdict: Verdict = "worse" if p_value < SIGNIFICANCE else "within the spread"
        judged.append(replace(row, verdict=verdict, difference=difference, p_value=p_value))
    return judged


def _interruptions(runs: Sequence[RunRecord]) -> list[str]:
    """Returns a remark for each run that was interrupted, and has no metrics or early ones."""
    remarks = []
    for run in runs:
        how = f"{run.folder} was interrupted: zoo resume {shown(run.folder)}"
        if not run.metrics:
            remarks.append(f"{how}; it has no results yet and is left out")
        elif run.status != "finished":
            remarks.append(f"{how}; its results are those of {len(run.curve)} epochs")
    return remarks


def _check_data(runs: Sequence[RunRecord]) -> list[str]:
    """Returns remarks about settings of the data that differ.

    Raises:
        MisfitError: The runs are on different data.
    """
    first = runs[0]
    changed: dict[str, None] = {}
    for run in runs[1:]:
        names = [record.run_config.name("dataset") for record in (first, run)]
        if names[0] != names[1]:
            raise MisfitError(
                f"{first.folder} is on {first.run_config.dataset} and {run.folder} on "
                f"{run.run_config.dataset}: metrics of different data do not compare; zoo compare "
                "--matrix shows them side by side"
            )
        if run.fingerprint != first.fingerprint:
            raise MisfitError(
                f"{first.folder} and {run.folder} are on different data of "
                f"{run.run_config.dataset}: their metrics do not compare"
            )
        before, values = (record.run_config.configs["dataset"] for record in (first, run))
        changed |= {key: None for key in values if values[key] != before.get(key)}
    if not changed:
        return []
    settings = ", ".join(f"dataset.{key}" for key in changed)
    return [f"the runs differ in {settings}, so that their splits may differ too"]


def find_metric(runs: Sequence[RunRecord], name: str) -> tuple[str, str]:
    """Returns the split and the name of a metric.

    Raises:
        NotFoundError: A run does not have it.
    """
    name = name or runs[0].objective.metric
    split, _, metric = name.rpartition(".")
    common = [
        (part, key)
        for part in SELECTION_ORDER
        for key in runs[0].metrics.get(part, {})
        if all(key in run.metrics.get(part, {}) for run in runs)
    ]
    for part, key in common:
        if key == metric and split in ("", part):
            return part, key
    choices = list(dict.fromkeys(f"{part}.{key}" for part, key in common if key != COVERAGE))
    choices += dict.fromkeys(key for _, key in common if key != COVERAGE)
    hint = suggest(name, choices) or f"there are {', '.join(choices) or 'none that all have'}"
    raise NotFoundError(f"the runs have no common metric {name!r}; {hint}")


def evaluation_remarks(runs: Sequence[RunRecord], split: str) -> list[str]:
    """Returns a remark if a budget left time to evaluate only a part of the split."""
    shares = [run.metrics[split].get(COVERAGE, 1.0) for run in runs]
    partial = [share for share in shares if share < 1]
    if not partial:
        return []
    return [
        f"{len(partial)} of {len(runs)} runs were evaluated on a part of the {split} split "
        f"({min(partial):.0%} at least), as their budget allowed"
    ]
