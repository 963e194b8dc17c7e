"""How a check runs on a part: what it needs, why it is skipped, the smallest failing case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from zoo_core.errors import Interrupted
from zoo_core.testing.check import DoesNotApply, Violation, check
from zoo_core.testing.checked_part import CheckedPart


@dataclass(frozen=True)
class Number:
    """A number as a case."""

    value: int

    def label(self) -> str:
        """Returns the number as text."""
        return f"n={self.value}"

    def smaller(self) -> Iterator[Number]:
        """Yields the numbers below it."""
        return (Number(value) for value in range(self.value))


@check("Choose a smaller one.")
def small(case: Number) -> Violation | None:
    """A number is below 5."""
    return Violation("below 5", f"{case.value}") if case.value >= 5 else None


@check("Choose an even one.", needs=("small",))
def even(case: Number) -> Violation | None:
    """A number is even."""
    if case.value == 0:
        raise DoesNotApply("zero is neither")
    return Violation("even", "odd") if case.value % 2 else None


@check("Choose one that does not raise.")
def harmless(case: Number) -> Violation | None:
    """The check raises nothing."""
    if case.value > 2:
        raise ValueError(f"no\n  {case.value}")
    if case.value == 1:
        raise KeyError("one")
    return None


@check("Press no key.")
def interrupted(case: Number) -> Violation | None:
    """Nobody presses Ctrl+C."""
    raise Interrupted(2)


def numbers(*values: int) -> CheckedPart:
    """Returns a part with some numbers as cases."""
    return CheckedPart("numbers", [((small, even, harmless), lambda: map(Number, values))])


def test_a_check_takes_its_name_and_rule_from_its_function() -> None:
    assert (small.name, small.rule) == ("small", "A number is below 5.")


def test_a_failure_reports_the_smallest_case() -> None:
    result = numbers(9).result("small")
    assert (result.verdict, result.case, result.seen) == ("failed", "n=5", "5")
    assert result.describe().splitlines() == [
        "expected: below 5",
        "seen: 5",
        "smallest case: n=5",
        "to fix it: Choose a smaller one.",
    ]


def test_an_exception_of_the_part_is_a_failure_in_one_line() -> None:
    result = numbers(9).result("harmless")
    assert (result.seen, result.case) == ("ValueError: no 3", "n=3")


def test_a_smaller_case_with_another_error_is_not_the_smallest_case() -> None:
    assert numbers(3).result("harmless").case == "n=3"


@pytest.mark.parametrize(
    ("values", "reason"), [((7,), "the check small did not pass"), ((0, 0), "zero is neither")]
)
def test_a_skipped_check_gives_the_reason(values: tuple[int, ...], reason: str) -> None:
    result = numbers(*values).result("even")
    assert (result.verdict, result.seen) == ("skipped", reason)


def test_a_check_that_applies_to_one_case_is_not_skipped() -> None:
    assert numbers(0, 2).result("even").verdict == "ok"
    assert numbers(0, 3).result("even").verdict == "failed"


def test_the_cases_of_a_part_are_made_once() -> None:
    calls = []

    def make_cases() -> Iterator[Number]:
        calls.append(1)
        return iter([Number(1)])

    part = CheckedPart("numbers", [((small, even), make_cases)])
    assert list(part.results()) == list(part.results())
    assert calls == [1]


def test_an_interrupt_during_a_check_is_not_a_failure() -> None:
    with pytest.raises(Interrupted):
        CheckedPart("numbers", [((interrupted,), lambda: [Number(1)])]).result("interrupted")
