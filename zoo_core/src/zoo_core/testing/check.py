"""A check: a rule that a part of a plugin keeps, and how to mend what breaks it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar, final

from zoo_core.errors import Interrupted


@final
class Violation(NamedTuple):
    """What is wrong.

    Args:
        expected: What the rule asks for here.
        seen: What there is instead.
        error: The type of the exception, if the part raised one.
    """

    expected: str
    seen: str
    error: str = ""


@final
class DoesNotApply(Exception):
    """Raised by a check whose rule says nothing of this case, with the reason."""


class Case(Protocol):
    """What a check looks at."""

    def label(self) -> str:
        """The case in words."""

    def smaller(self) -> Iterable[Case]:
        """Simpler cases of the same, the simplest first."""


@final
@dataclass(frozen=True)
class Check:
    """A rule.

    Args:
        name: Words joined by hyphens.
        rule: The rule in one sentence.
        remedy: How to mend what breaks it.
        look: Tells what is wrong with a case, or None; may raise ``DoesNotApply``.
        needs: Checks that must have passed, or this one says nothing.
    """

    name: str
    rule: str
    remedy: str
    look: Callable[[Any], Violation | None]
    needs: tuple[str, ...]


C = TypeVar("C", bound=Case)


def check(
    remedy: str, *, needs: tuple[str, ...] = ()
) -> Callable[[Callable[[C], Violation | None]], Check]:
    """Makes a check of a function: its name, and its docstring's first line as the rule."""

    def decorate(look: Callable[[C], Violation | None]) -> Check:
        rule = (inspect.getdoc(look) or "").partition("\n")[0]
        return Check(look.__name__.replace("_", "-"), rule, remedy, look, needs)

    return decorate


def look(rule: Check, case: Case) -> Violation | None:
    """What is wrong with a case; whatever the part raises is wrong too.

    Raises:
        DoesNotApply: The rule says nothing of it.
    """
    try:
        return rule.look(case)
    except (DoesNotApply, Interrupted):
        raise
    except Exception as error:
        said = " ".join(str(error).split())
        kind = type(error).__name__
        return Violation(rule.rule, f"{kind}: {said:.300}" if said else kind, kind)


def smallest(rule: Check, case: Case, found: Violation) -> tuple[str, Violation]:
    """The smallest case, in words, that shows the same fault, and what is wrong with it."""
    for smaller in case.smaller():
        try:
            again = look(rule, smaller)
        except DoesNotApply:
            continue
        if again is not None and again.error == found.error:
            return smaller.label(), again
    return case.label(), found
