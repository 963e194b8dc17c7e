"""Confirmation of changes."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from zoo_cli.terminal.output import echo
from zoo_core.errors import RefusedError, ZooError


def confirm(changes: Iterable[object], yes: bool) -> None:
    """Shows on stderr what will change, and asks unless ``yes``.

    Raises:
        RefusedError: Stdin is not a terminal, so nobody can answer.
        ZooError: The answer is no.
    """
    for change in changes:
        echo(f"  {change}", err=True)
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise RefusedError("cannot ask for confirmation, stdin is not a terminal: add --yes")
    if not _ask():
        raise ZooError("nothing was changed")


def _ask() -> bool:
    """Returns the answer; Ctrl+D counts as no."""
    try:
        return click.confirm("Continue?", err=True)
    except click.Abort as abort:
        if not isinstance(abort.__context__, EOFError):
            raise
        echo(err=True)
        return False
