"""A subject: one part of a plugin, with the checks that it is put to."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, final

from zoo_core.testing.check import Case, Check, DoesNotApply, Violation, look, smallest

Outcome: TypeAlias = Literal["ok", "failed", "skipped"]
Cases: TypeAlias = Callable[[], Iterable[Case]]


@final
class Result(NamedTuple):
    """What a check says of a subject.

    Args:
        subject: Whose.
        check: The check's name.
        verdict: ``ok``, ``failed`` or ``skipped``.
        rule: What the check holds.
        expected: What the rule asks for; empty unless it failed.
        seen: What there is instead, or why the check was skipped.
        case: The smallest case that shows it.
        remedy: How to mend it; empty unless it failed.
    """

    subject: str
    check: str
    verdict: Outcome
    rule: str
    expected: str = ""
    seen: str = ""
    case: str = ""
    remedy: str = ""

    def in_words(self) -> str:
        """The failure in four lines."""
        return "\n".join(
            [
                f"expected: {self.expected}",
                f"seen: {self.seen}",
                f"smallest case: {self.case}",
                f"to mend it: {self.remedy}",
            ]
        )


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Inside, torch, if it is there, takes one thread: several would wait for each other here."""
    torch: Any = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 1
    if before > 1:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if before > 1:
            torch.set_num_threads(before)


@final
class CheckedPart:
    """One part of a plugin.

    Args:
        name: What it is, such as ``model lstm-embed``.
        groups: Checks, and how the cases that they look at are made.
    """

    def __init__(self, name: str, groups: Sequence[tuple[Sequence[Check], Cases]]) -> None:
        self.name = name
        self._cases = {each.name: cases for checks, cases in groups for each in checks}
        self.checks = {each.name: each for checks, _ in groups for each in checks}
        self._made: dict[Cases, list[Case]] = {}
        self._results: dict[str, Result] = {}

    def results(self) -> Iterator[Result]:
        """What every check says."""
        for name in self.checks:
            yield self.result(name)

    def result(self, name: str) -> Result:
        """What one check says; what it needs is looked at first, and nothing twice."""
        if name not in self._results:
            with one_thread():
                self._results[name] = self._examine(self.checks[name])
        return self._results[name]

    def _examine(self, rule: Check) -> Result:
        blank = Result(self.name, rule.name, "ok", rule.rule)
        for need in rule.needs:
            if self.result(need).verdict != "ok":
                return blank._replace(verdict="skipped", seen=f"it needs {need}")
        reasons = []
        cases = self._cases_of(rule)
        for case in cases:
            try:
                found = look(rule, case)
            except DoesNotApply as reason:
                reasons.append(str(reason))
                continue
            if found:
                return self._failure(blank, rule, case, found)
        if len(reasons) == len(cases):
            return blank._replace(verdict="skipped", seen=reasons[0] if reasons else "no cases")
        return blank

    def _failure(self, blank: Result, rule: Check, case: Case, found: Violation) -> Result:
        label, found = smallest(rule, case, found)
        expected, seen, _ = found
        how = {"expected": expected, "seen": seen, "case": label, "remedy": rule.remedy}
        return blank._replace(verdict="failed", **how)

    def _cases_of(self, rule: Check) -> list[Case]:
        make = self._cases[rule.name]
        if make not in self._made:
            self._made[make] = list(make())
        return self._made[make]
