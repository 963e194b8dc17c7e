"""How checks are put to a part: needs, reasons, the smallest case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from zoo_core.errors import Interrupted
from zoo_core.testing.check import DoesNotApply, Violation, check
from zoo_core.testing.checked_part import CheckedPart


@dataclass(frozen=True)
class Number:
    """A number to look at."""

    value: int

    def label(self) -> str:
        """The number in words."""
        return f"n={self.value}"

    def smaller(self) -> Iterator[Number]:
        """The numbers below it."""
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
    """Looking at it raises nothing."""
    if case.value > 2:
        raise ValueError(f"no\n  {case.value}")
    if case.value == 1:
        raise KeyError("one")
    return None


@check("Press no key.")
def interrupted(case: Number) -> Violation | None:
    """Nobody presses Ctrl+C."""
    raise Interrupted(2)


def subject(*values: int) -> CheckedPart:
    """A subject with some numbers as cases."""
    return CheckedPart("numbers", [((small, even, harmless), lambda: map(Number, values))])


def test_a_check_is_named_and_ruled_by_its_function() -> None:
    assert (small.name, small.rule) == ("small", "A number is below 5.")


def test_a_failure_is_that_of_the_smallest_case() -> None:
    found = subject(9).result("small")
    assert (found.verdict, found.case, found.seen) == ("failed", "n=5", "5")
    assert found.in_words().splitlines() == [
        "expected: below 5",
        "seen: 5",
        "smallest case: n=5",
        "to mend it: Choose a smaller one.",
    ]


def test_what_a_part_raises_is_a_failure_in_one_line() -> None:
    found = subject(9).result("harmless")
    assert (found.seen, found.case) == ("ValueError: no 3", "n=3")


def test_another_fault_of_a_smaller_case_is_not_taken_for_this_one() -> None:
    assert subject(3).result("harmless").case == "n=3"


def test_a_check_whose_need_failed_is_skipped_with_the_reason() -> None:
    found = subject(7).result("even")
    assert (found.verdict, found.seen) == ("skipped", "it needs small")


def test_a_check_that_applies_to_no_case_is_skipped_with_the_reason() -> None:
    found = subject(0, 0).result("even")
    assert (found.verdict, found.seen) == ("skipped", "zero is neither")


def test_a_check_that_applies_to_one_case_is_not_skipped() -> None:
    assert subject(0, 2).result("even").verdict == "ok"
    assert subject(0, 3).result("even").verdict == "failed"


def test_a_subject_is_examined_once() -> None:
    made = []

    def cases() -> Iterator[Number]:
        made.append(1)
        return iter([Number(1)])

    numbers = CheckedPart("numbers", [((small, even), cases)])
    assert list(numbers.results()) == list(numbers.results())
    assert made == [1]


def test_a_real_interrupt_passes_through() -> None:
    with pytest.raises(Interrupted):
        CheckedPart("numbers", [((interrupted,), lambda: [Number(1)])]).result("interrupted")
