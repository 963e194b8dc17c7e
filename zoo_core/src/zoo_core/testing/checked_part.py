"""A part of a plugin with the checks that apply to it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, final

from zoo_core.testing.check import (
    Case,
    Check,
    DoesNotApply,
    Violation,
    run_check,
    smallest_failure,
)

Verdict: TypeAlias = Literal["ok", "failed", "skipped"]
Cases: TypeAlias = Callable[[], Iterable[Case]]


@final
class Result(NamedTuple):
    """The result of one check of one part.

    Args:
        subject: The part's name, such as ``model lstm-embed``.
        check: The check's name.
        verdict: ``ok``, ``failed`` or ``skipped``.
        rule: The rule that the check tests.
        expected: What the rule requires; empty unless the check failed.
        seen: What the part gives instead, or why the check was skipped.
        case: The smallest case that fails.
        remedy: How to correct the part; empty unless the check failed.
    """

    subject: str
    check: str
    verdict: Verdict
    rule: str
    expected: str = ""
    seen: str = ""
    case: str = ""
    remedy: str = ""

    def describe(self) -> str:
        """Returns the failure in four lines."""
        return "\n".join(
            [
                f"expected: {self.expected}",
                f"seen: {self.seen}",
                f"smallest case: {self.case}",
                f"to fix it: {self.remedy}",
            ]
        )


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Limits torch, if it is loaded, to one thread: on tiny tensors, threads only wait."""
    torch: Any = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 1
    if threads > 1:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if threads > 1:
            torch.set_num_threads(threads)


@final
class CheckedPart:
    """One part of a plugin and the results of its checks.

    Args:
        name: The kind and the name of the part, such as ``model lstm-embed``.
        groups: Pairs of checks and a function that returns the cases to run them on.
    """

    def __init__(self, name: str, groups: Sequence[tuple[Sequence[Check], Cases]]) -> None:
        self.name = name
        self.checks = {check.name: check for checks, _ in groups for check in checks}
        self._makers = {check.name: make_cases for checks, make_cases in groups for check in checks}
        self._cases: dict[Cases, list[Case]] = {}
        self._results: dict[str, Result] = {}

    def results(self) -> Iterator[Result]:
        """Yields the result of every check."""
        for name in self.checks:
            yield self.result(name)

    def result(self, name: str) -> Result:
        """Returns the result of a check; it and the checks that it needs run at most once.

        Args:
            name: The check's name.
        """
        if name not in self._results:
            with one_thread():
                self._results[name] = self._run(self.checks[name])
        return self._results[name]

    def _run(self, check: Check) -> Result:
        ok = Result(self.name, check.name, "ok", check.rule)
        for need in check.needs:
            if self.result(need).verdict != "ok":
                return ok._replace(verdict="skipped", seen=f"the check {need} did not pass")
        reasons = []
        cases = self._cases_of(check)
        for case in cases:
            try:
                violation = run_check(check, case)
            except DoesNotApply as reason:
                reasons.append(str(reason))
                continue
            if violation:
                return self._failure(check, case, violation)
        if len(reasons) == len(cases):
            return ok._replace(verdict="skipped", seen=reasons[0] if reasons else "no cases")
        return ok

    def _failure(self, check: Check, case: Case, violation: Violation) -> Result:
        label, (expected, seen, _) = smallest_failure(check, case, violation)
        return Result(
            self.name, check.name, "failed", check.rule, expected, seen, label, check.remedy
        )

    def _cases_of(self, check: Check) -> list[Case]:
        """Returns the cases of a check, which are made once for all checks of its group."""
        make_cases = self._makers[check.name]
        if make_cases not in self._cases:
            self._cases[make_cases] = list(make_cases())
        return self._cases[make_cases]
