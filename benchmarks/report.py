"""A report: the measurements of a run as JSON, and Markdown made from it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

from benchmarks.levels import LEVELS
from benchmarks.measurement import PERPLEXITY, Measurement, find
from benchmarks.target import OUT_OF_REACH, Target
from benchmarks.targets import targets
from benchmarks.texts import BOOKS, replacements

MIN_CHANGE = 0.25
"""The smallest relative change of a ratio that is reported; less may be noise."""
TITLES = {"choice": "Choice of the backend", "gpu": "GPU, both on cuDNN"}
"""Titles of benchmarks whose name does not tell."""
SAME_MACHINE = ("processor", "cores", "isa", "threads")
"""The facts that two comparable reports share."""
SAME_VERSIONS = ("torch", "jax", "keras")
"""The versions that two comparable reports share, if both have them."""


@final
@dataclass(frozen=True)
class Report:
    """One run of the benchmarks.

    Args:
        machine: The facts that measurements depend on.
        date: The date and time in ISO 8601.
        quick: Whether it was a first look, with less time for each measurement.
        measurements: The measurements, in the order in which they were made.
        level: The limit on instructions, a key of ``levels.LEVELS``; empty for no limit.
    """

    machine: dict[str, str]
    date: str
    quick: bool
    measurements: list[Measurement]
    level: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """Processor and instruction sets, of which a file holds one report each."""
        return self.machine.get("processor", ""), self.machine.get("isa", "")

    @property
    def title(self) -> str:
        """The processor, its instruction sets, and the limit on those."""
        return ", ".join(part for part in (*self.place, LEVELS.get(self.level, "")) if part)

    def comparable(self, other: Report) -> bool:
        """Whether both have the same machine, threads, versions of the peers and effort."""
        mine, theirs = self.machine, other.machine
        same_machine = all(mine.get(fact) == theirs.get(fact) for fact in SAME_MACHINE)
        common = [name for name in SAME_VERSIONS if name in mine and name in theirs]
        same_versions = all(mine[name] == theirs[name] for name in common)
        return same_machine and same_versions and self.quick == other.quick

    def benchmarks(self) -> list[str]:
        """The benchmarks, in the order in which they were measured."""
        return list(dict.fromkeys(row.benchmark for row in self.measurements))

    def cases(self, benchmark: str) -> dict[str, list[Measurement]]:
        """The measurements of a benchmark by case; the first of a case is the base of ratios."""
        cases: dict[str, list[Measurement]] = {}
        for row in self.measurements:
            if row.benchmark == benchmark:
                cases.setdefault(row.case, []).append(row)
        return cases

    def markdown(self, before: Report | None = None) -> str:
        """All tables: the targets, the benchmarks and the changes since another report."""
        parts = [f"## {self.title}", self.conditions(), "### Targets", self.targets()]
        for benchmark in self.benchmarks():
            parts += [f"### {benchmark.capitalize()}", *self._section(benchmark)]
        if before:
            changes = "\n".join(self._changes(before))
            parts += [
                f"### Since {before.date[:10]}",
                changes or f"Nothing moved by more than {MIN_CHANGE:.0%}.",
            ]
        return "\n\n".join(parts)

    def conditions(self) -> str:
        """Machine, versions and date in a sentence."""
        kind = "A first look" if self.quick else "Measured"
        facts = [*self.machine.values()]
        if self.level:
            facts.append(LEVELS[self.level])
        return f"{kind} on {', '.join(facts)}; {self.date[:10]}."

    def targets(self) -> str:
        """The table of targets.

        A ratio near its floor says how many runs measured it, and one that is out of reach which
        one the highest speed of the processor would give.
        """
        lines = ["| target | floor | goal | measured | |", "| --- | --- | --- | --- | --- |"]
        for target in self._targets():
            numbers = (target.floor, target.goal, target.measured)
            *bounds, number = map(_short, numbers)
            if target.near or target.runs > 1:
                number += f" ({target.runs} run{'s' if target.runs > 1 else ''})"
            verdict = target.verdict
            if verdict == OUT_OF_REACH:
                verdict += f", {_short(target.highest)} at most"
            cells = (target.what, *bounds, number, verdict)
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines)

    def table(self, benchmark: str) -> str:
        """A row per case and a column per implementation: its ratio to the first, and its value.

        Cases with other implementations or another unit have a separate table. A perplexity is
        shown with the spread of its seeds.
        """
        tables: dict[tuple[str, ...], dict[str, list[Measurement]]] = {}
        for case, rows in self.cases(benchmark).items():
            head = (rows[0].unit, *(row.implementation for row in rows))
            tables.setdefault(head, {})[case] = rows
        return "\n\n".join(_table(head, cases) for head, cases in tables.items())

    def summary(self) -> str:
        """The tables for the page of results: how fast the zoo trains, generates and learns."""
        parts = [f"### {self.title}"]
        for benchmark in ("training", "generation", "quality", "choice", "gpu"):
            if benchmark in self.benchmarks():
                parts += [f"**{TITLES.get(benchmark, benchmark.capitalize())}**"]
                parts += self._section(benchmark)
        return "\n\n".join([*parts, self.conditions(), self._verdicts()])

    def _section(self, benchmark: str) -> list[str]:
        """The table, preceded by the days of its measurements if they are not the report's."""
        rows = [row for row in self.measurements if row.benchmark == benchmark]
        days = {row.date[:10] for row in rows if row.date}
        table = self.table(benchmark)
        if days - {self.date[:10]}:
            return [f"Measured on {', '.join(sorted(days))}.", table]
        return [table]

    def _verdicts(self) -> str:
        """The number of measured targets by verdict."""
        measured = [target for target in self._targets() if target.measured is not None]
        if not measured:
            return "No target is measured."
        verdicts = [target.verdict for target in measured]
        counts = [f"{verdicts.count(verdict)} {verdict}" for verdict in sorted(set(verdicts))]
        noun = "target" if len(verdicts) == 1 else "targets"
        return f"Of {len(verdicts)} {noun}: {', '.join(counts)}."

    def _targets(self) -> list[Target]:
        """The targets for this machine; with limited native code, only the measured ones."""
        isa = self.level or self.machine.get("isa", "")
        return [
            target
            for target in targets(self.measurements, isa)
            if target.measured is not None or not self.level
        ]

    def _changes(self, before: Report) -> Iterator[str]:
        """A line per benchmark with the ratios that have changed.

        Ratios to the first implementation of the case, because absolute values drift with the
        machine.
        """
        for benchmark in self.benchmarks():
            changes = []
            for case, (base, *others) in self.cases(benchmark).items():
                old_base = find(before.measurements, benchmark, case, base.implementation)
                if old_base is None:
                    continue
                for row in others:
                    old = find(before.measurements, benchmark, case, row.implementation)
                    if old is not None:
                        changes += _change(row.over(base), old.over(old_base), row)
            if changes:
                yield f"- {benchmark}: {'; '.join(changes)}"


def read_reports(path: Path) -> list[Report]:
    """The reports of a file, one for each processor; none if there is no file.

    An older file is a single report. A measurement without a date has the date of its report.
    """
    if not path.exists():
        return []
    values = json.loads(path.read_text("utf-8"))
    return [_report(report) for report in values.get("reports", [values])]


def _report(values: dict[str, Any]) -> Report:
    rows = [Measurement(**{"date": values["date"]} | row) for row in values["measurements"]]
    return Report(**values | {"measurements": rows})


def to_json(reports: Sequence[Report]) -> str:
    """The content of a file of reports."""
    values = {"reports": [asdict(report) for report in reports]}
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"


def markdown(reports: Sequence[Report], now: Report, before: Report | None) -> str:
    """The page of reports, with what has changed between two of one processor."""
    pages = [report.markdown(before if report is now else None) for report in reports]
    return "\n\n".join(["# Benchmarks", *pages]) + "\n"


def summary(reports: Sequence[Report]) -> str:
    """The tables for the page of results, by processor."""
    return "\n\n".join(report.summary() for report in reports)


def with_report(reports: Sequence[Report], new: Report) -> list[Report]:
    """The reports with a new one in the place of that of the same processor, or at the end."""
    replaced = [new if report.place == new.place else report for report in reports]
    return replaced if new in replaced else [*replaced, new]


def near_cases(measured: Sequence[Measurement], isa: str) -> set[tuple[str, str]]:
    """The benchmarks and cases of targets that noise may decide, measured in one run."""
    return {target.source for target in targets(measured, isa) if target.near and target.runs == 1}


def merge(old: Report, new: Report) -> Report:
    """The new report with the cases of the old one that it does not measure.

    A case that is measured again keeps its place, and new ones follow. Where old cases remain, so
    does the fact that they read another text in place of a book.
    """
    replaced = _by_case(new.measurements)
    cases = _by_case(old.measurements)
    if not cases.keys() - replaced.keys():
        return new
    texts = [report.machine.get("texts", "") for report in (old, new)]
    machine = new.machine | replacements(
        [book for book in BOOKS if any(book in text for text in texts)]
    )
    rows = [row for case in (cases | replaced).values() for row in case]
    return replace(new, machine=machine, measurements=rows)


def _by_case(measurements: Sequence[Measurement]) -> dict[tuple[str, str], list[Measurement]]:
    """The measurements of each case, in their order."""
    cases: dict[tuple[str, str], list[Measurement]] = {}
    for row in measurements:
        cases.setdefault((row.benchmark, row.case), []).append(row)
    return cases


def add_run(measured: Sequence[Measurement], new: Sequence[Measurement]) -> list[Measurement]:
    """The measurements, with the samples of another run of some of their cases."""
    again = {(row.benchmark, row.case, row.implementation): row for row in new}
    rows = []
    for row in measured:
        other = again.get((row.benchmark, row.case, row.implementation))
        rows.append(row.with_run(other) if other else row)
    return rows


def _table(head: Sequence[str], cases: Mapping[str, list[Measurement]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for case, rows in cases.items():
        lines.append(f"| {case} | {' | '.join(cell(row, rows[0]) for row in rows)} |")
    return "\n".join(lines)


def _change(ratio: float, old_ratio: float, row: Measurement) -> list[str]:
    if abs(ratio / old_ratio - 1) <= MIN_CHANGE:
        return []
    return [f"{row.case}, {row.implementation} {old_ratio:.3g} → {ratio:.3g}"]


def cell(row: Measurement, base: Measurement) -> str:
    """The value of a measurement, behind its ratio to that of another implementation."""
    if row.unit == PERPLEXITY:
        low, high = row.spread
        return f"{row.value:.3f} ({low:.3f} to {high:.3f})"
    value = f"{row.value:,.0f}" if row.value >= 100 else f"{row.value:.3g}"
    return value if row is base else f"{row.over(base):.2f} × ({value})"


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if abs(value) < 0.1 else f"{value:.2f}".rstrip("0").rstrip(".")
