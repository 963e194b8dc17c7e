"""The results of ``zoo doctor``: a verdict, one line and the command that repairs it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, final

from zoo_core.escaping import shell_word
from zoo_core.storage.locations import leads_nowhere, nearest_existing

Verdict: TypeAlias = Literal["ok", "warning", "wrong"]


@final
class DoctorResult(NamedTuple):
    """The result of one check.

    Args:
        subject: What was checked.
        verdict: ``ok``, ``warning`` or ``wrong``.
        message: The result in one line.
        remedy: The command that repairs it, unless it is ok.
        facts: The result as values for programs.
    """

    subject: str
    verdict: Verdict
    message: str
    remedy: str = ""
    facts: dict[str, Any] = {}  # noqa: RUF012  # never changed


Check: TypeAlias = Callable[[], Iterable[DoctorResult]]


def examine(checks: Iterable[Check]) -> list[DoctorResult]:
    """Returns the results of all checks; a check that fails gives a result too."""
    results: list[DoctorResult] = []
    for check in checks:
        try:
            results += check()
        except (Exception, SystemExit) as error:  # of a plugin
            reason = f"{type(error).__name__}: {' '.join(str(error).split()):.300}"
            message, remedy = f"the check failed: {reason}", "ZOO_DEBUG=1 zoo plugins -v"
            results.append(DoctorResult(check.__name__, "wrong", message, remedy))
    return results


def check_writable(subject: str, folder: Path, alternative: str) -> DoctorResult:
    """Checks that a folder, or the folder that it would be made in, is writable.

    Args:
        subject: The subject of the result.
        folder: The folder; it need not exist.
        alternative: The command that chooses another folder.
    """
    parent = nearest_existing(folder)
    facts = {"path": str(folder), "exists": folder.exists()}
    if not parent.is_dir():
        remedy = f"mv {quoted(parent)} {quoted(parent)}.old"
        what = "a link that leads nowhere" if leads_nowhere(parent) else "not a folder"
        return DoctorResult(subject, "wrong", f"{parent} is {what}", remedy, facts)
    if not os.access(parent, os.R_OK | os.W_OK | os.X_OK):
        remedy = f"chmod u+rwx {quoted(parent)}, or {alternative}"
        return DoctorResult(subject, "wrong", f"{parent} is not writable", remedy, facts)
    message = str(folder) if folder.exists() else f"{folder}, which is made when it is needed"
    return DoctorResult(subject, "ok", message, facts=facts)


def quoted(path: Path) -> str:
    """Returns a path quoted for a shell."""
    return shell_word(str(path))
