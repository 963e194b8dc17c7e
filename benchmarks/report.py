"""The figures of a run as files: JSON, and Markdown made from it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final

from benchmarks.figure import PERPLEXITY, Figure, find
from benchmarks.levels import LEVELS
from benchmarks.promise import Promise
from benchmarks.promises import promises

CHANGED = 0.25
"""A quotient that moved by less than this share may be noise, and is not told."""
PLACE = ("processor", "cores", "isa", "threads")
"""What two reports share whose figures may stand side by side."""
VERSIONS = ("torch", "jax", "keras")
"""What they share too where both have it: a peer's new version is another peer."""


@final
@dataclass(frozen=True)
class Report:
    """One run of the benchmarks.

    Args:
        machine: What the figures depend on.
        date: As ISO 8601 has it.
        quick: Whether it was a first look, with less time for each figure.
        figures: In the order they were measured.
        level: Of ``levels.py``, to which native code was bounded; empty for no bound.
    """

    machine: dict[str, str]
    date: str
    quick: bool
    figures: list[Figure]
    level: str = ""

    def comparable(self, other: Report) -> bool:
        """Whether both were measured alike: machine, threads, versions, and how thoroughly."""
        mine, its = self.machine, other.machine
        places = all(mine.get(fact) == its.get(fact) for fact in PLACE)
        versions = all(mine[name] == its[name] for name in VERSIONS if name in mine and name in its)
        return places and versions and self.quick == other.quick

    def subjects(self) -> list[str]:
        """In the order they were measured."""
        return list(dict.fromkeys(each.subject for each in self.figures))

    def cases(self, subject: str) -> dict[str, list[Figure]]:
        """The figures of a subject by case; the first of each is what it is compared with."""
        found: dict[str, list[Figure]] = {}
        for each in self.figures:
            if each.subject == subject:
                found.setdefault(each.case, []).append(each)
        return found

    def to_json(self) -> str:
        """As a file holds it."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    def markdown(self, before: Report | None = None) -> str:
        """Every table: the promises, the subjects, what changed since another run."""
        parts = ["# Benchmarks", self.where(), "## Promises", self.promises()]
        for subject in self.subjects():
            parts += [f"## {subject.capitalize()}", *self._section(subject)]
        if before:
            told = "\n".join(self._changes(before)) or f"Nothing moved by more than {CHANGED:.0%}."
            parts += [f"## Since {before.date[:10]}", told]
        return "\n\n".join(parts) + "\n"

    def where(self) -> str:
        """Machine, versions and date in a sentence."""
        kind = "A first look" if self.quick else "Measured"
        facts = [*self.machine.values(), *([LEVELS[self.level]] if self.level else [])]
        return f"{kind} on {', '.join(facts)}; {self.date[:10]}."

    def promises(self) -> str:
        """The table of promises."""
        lines = ["| promise | floor | goal | measured | |", "| --- | --- | --- | --- | --- |"]
        for each in self._promises():
            goal, measured = (_short(each.goal), _short(each.measured))
            lines.append(
                f"| {each.what} | {_short(each.floor)} | {goal} | {measured} | {each.verdict} |"
            )
        return "\n".join(lines)

    def table(self, subject: str) -> str:
        """A row for each case, a column for each way: the quotient to the first, the figure.

        Cases of other ways or another unit have a table of their own; a perplexity is told with
        the spread of its seeds.
        """
        alike: dict[tuple[str, ...], dict[str, list[Figure]]] = {}
        for case, rows in self.cases(subject).items():
            head = (rows[0].unit, *(each.way for each in rows))
            alike.setdefault(head, {})[case] = rows
        return "\n\n".join(_table(head, cases) for head, cases in alike.items())

    def summary(self) -> str:
        """What a newcomer wants to see: how fast it trains, generates and learns."""
        parts = []
        for subject in ("training", "generation", "quality"):
            if subject in self.subjects():
                parts += [f"**{subject.capitalize()}**", *self._section(subject)]
        return "\n\n".join([*parts, self.where(), self._kept()])

    def _section(self, subject: str) -> list[str]:
        """The table, and before it the days on which it was measured if not on the report's."""
        days = {each.date[:10] for each in self.figures if each.subject == subject} - {""}
        told = f"Measured on {', '.join(sorted(days))}."
        return [*([told] if days - {self.date[:10]} else []), self.table(subject)]

    def _kept(self) -> str:
        """How many promises there are, and how many are kept."""
        verdicts = [each.verdict for each in self._promises()]
        told = (f"{verdicts.count(each)} {each}" for each in dict.fromkeys(sorted(verdicts)))
        return f"Of {len(verdicts)} promises: {', '.join(told)}."

    def _promises(self) -> list[Promise]:
        """Those made where native code goes so far; under a bound not all is measured."""
        made = promises(self.figures, self.level or self.machine.get("isa", ""))
        return [each for each in made if each.measured is not None or not self.level]

    def _changes(self, before: Report) -> Iterator[str]:
        """What moved against the first way of its case, a line for each subject.

        Absolute figures drift with the machine.
        """
        for subject in self.subjects():
            moved = []
            for case, (base, *others) in self.cases(subject).items():
                old_base = find(before.figures, subject, case, base.way)
                for each in others if old_base else ():
                    old = find(before.figures, subject, case, each.way)
                    if old and old_base:
                        moved += _moved(each.over(base), old.over(old_base), each)
            if moved:
                yield f"- {subject}: {'; '.join(moved)}"


def read_report(path: Path) -> Report | None:
    """The report of a file, or None if there is none; a figure without a date has the report's."""
    if not path.exists():
        return None
    values = json.loads(path.read_text("utf-8"))
    found = [Figure(**{"date": values["date"]} | each) for each in values["figures"]]
    return Report(**values | {"figures": found})


def merge(old: Report, new: Sequence[Figure]) -> list[Figure]:
    """The figures of both; a case that was measured anew replaces the old one."""
    again = {(each.subject, each.case) for each in new}
    return [each for each in old.figures if (each.subject, each.case) not in again] + list(new)


def _table(head: Sequence[str], cases: Mapping[str, list[Figure]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for case, rows in cases.items():
        lines.append(f"| {case} | {' | '.join(_cell(each, rows[0]) for each in rows)} |")
    return "\n".join(lines)


def _moved(now: float, then: float, figure: Figure) -> list[str]:
    moved = abs(now / then - 1) > CHANGED
    return [f"{figure.case}, {figure.way} {then:.3g} → {now:.3g}"] if moved else []


def _cell(figure: Figure, base: Figure) -> str:
    if figure.unit == PERPLEXITY:
        low, high = figure.spread
        return f"{figure.value:.3f} ({low:.3f} to {high:.3f})"
    value = f"{figure.value:,.0f}" if figure.value >= 100 else f"{figure.value:.3g}"
    return value if figure is base else f"{figure.over(base):.2f} × ({value})"


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if abs(value) < 0.1 else f"{value:.2f}".rstrip("0").rstrip(".")
