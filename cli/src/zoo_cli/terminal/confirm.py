"""Asking before something changes."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from zoo_core.errors import RefusedError, ZooError


def confirm(changes: Iterable[object], yes: bool) -> None:
    """Shows on stderr what will change, and asks unless that was answered beforehand.

    Raises:
        RefusedError: Nobody can be asked.
        ZooError: The answer is no.
    """
    for change in changes:
        click.echo(f"  {change}", err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError("stdin is no terminal, so nobody can be asked: add --yes")
    if not _agreed():
        raise ZooError("nothing was changed")


def _agreed() -> bool:
    """The answer; Ctrl+D is none, which is no."""
    try:
        return click.confirm("go on?", err=True)
    except click.Abort as abort:
        if not isinstance(abort.__context__, EOFError):
            raise
        click.echo(err=True)
        return False
