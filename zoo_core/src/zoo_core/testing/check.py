"""A check: one rule that a part of a plugin must keep, and the remedy for what breaks it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar, final

from zoo_core.errors import Interrupted
from zoo_core.plugins.failures import describe_failure


@final
class Violation(NamedTuple):
    """How a case breaks a rule.

    Args:
        expected: What the rule requires of this case.
        seen: What the case gives instead.
        error: The type of the exception that the part raised; empty if it raised none.
    """

    expected: str
    seen: str
    error: str = ""


@final
class DoesNotApply(Exception):
    """Raised by a check, with the reason, for a case that its rule does not cover."""


class Case(Protocol):
    """One input of a check, such as a model with a batch size and some settings."""

    def label(self) -> str:
        """Returns a short description of the case."""

    def smaller(self) -> Iterable[Case]:
        """Returns smaller variants of the case, the smallest first."""


@final
@dataclass(frozen=True)
class Check:
    """A rule with its test.

    Args:
        name: Words joined by hyphens.
        rule: The rule in one sentence.
        remedy: How to correct a part that breaks the rule.
        find_violation: Returns how a case breaks the rule, or None; may raise ``DoesNotApply``.
        needs: Names of the checks that must pass before this one is meaningful.
    """

    name: str
    rule: str
    remedy: str
    find_violation: Callable[[Any], Violation | None]
    needs: tuple[str, ...]


C = TypeVar("C", bound=Case)


def check(
    remedy: str, *, needs: tuple[str, ...] = ()
) -> Callable[[Callable[[C], Violation | None]], Check]:
    """Makes a check of a function.

    The function's name becomes the check's name, and the first line of its docstring the rule.

    Args:
        remedy: How to correct a part that breaks the rule.
        needs: Names of the checks that must pass first.

    Returns:
        The decorator.
    """

    def decorate(function: Callable[[C], Violation | None]) -> Check:
        rule = (inspect.getdoc(function) or "").partition("\n")[0]
        return Check(function.__name__.replace("_", "-"), rule, remedy, function, needs)

    return decorate


def run_check(check: Check, case: Case) -> Violation | None:
    """Runs a check on a case.

    Returns:
        How the case breaks the rule, or None. An exception of the part is a violation too.

    Raises:
        DoesNotApply: The rule does not cover the case.
    """
    try:
        return check.find_violation(case)
    except (DoesNotApply, Interrupted):
        raise
    except Exception as error:
        return Violation(check.rule, describe_failure(error), type(error).__name__)


def smallest_failure(check: Check, case: Case, violation: Violation) -> tuple[str, Violation]:
    """Finds the smallest variant of a case that fails in the same way.

    Args:
        check: The check that failed.
        case: The case that failed.
        violation: How it failed.

    Returns:
        The label of the smallest case, and how that one fails.
    """
    for smaller in case.smaller():
        try:
            smaller_violation = run_check(check, smaller)
        except DoesNotApply:
            continue
        if smaller_violation is not None and smaller_violation.error == violation.error:
            return smaller.label(), smaller_violation
    return case.label(), violation
