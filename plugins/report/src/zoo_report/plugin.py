"""Declarations of this plugin: the command ``report``."""

from __future__ import annotations

from zoo_core import CommandSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_commands() -> list[CommandSpec]:
    """The commands of this plugin."""
    return [
        CommandSpec(
            name="report",
            summary="Write a report on runs as one HTML page.",
            target="zoo_report.command:report",
            functions=(
                "zoo_report.runs_page:runs_page",
                "zoo_report.inspect_page:inspect_page",
            ),
        ),
    ]
