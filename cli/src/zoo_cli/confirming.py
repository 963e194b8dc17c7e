"""Asking before something changes."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click
from zoo_core.changes import Change
from zoo_core.errors import RefusedError, ZooError


def confirm(changes: Iterable[Change], yes: bool) -> None:
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
    if not click.confirm("go on?", err=True):
        raise ZooError("nothing was changed")
