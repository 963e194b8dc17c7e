"""``zoo doctor``."""

from __future__ import annotations

from typing import Any

import click

from zoo_cli.terminal.output import echo, json_option, print_json, print_table
from zoo_core.doctor import checks as diagnosis
from zoo_core.doctor.result import DoctorResult, examine
from zoo_core.doctor.stale_files import stale_files


@click.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check Python, torch, plugins, folders, registry and Hub.

    A problem is printed with the command that fixes it. The exit code is 1 if anything is wrong.
    """
    results = examine([*diagnosis.CHECKS, stale_files])
    try:
        from zoo_core.runtime.doctor import CHECKS
    except Exception as error:
        remedy = "zoo plugins install --upgrade torch zoo-core"
        results.append(DoctorResult("torch", "wrong", f"cannot be imported: {error}", remedy))
    else:
        results += examine(CHECKS)
    if as_json:
        print_json([_to_json(result) for result in results])
    else:
        print_table([(row.verdict, row.subject, _describe(row)) for row in results])
    wrong = sum(result.verdict == "wrong" for result in results)
    if wrong and not as_json:
        echo(f"wrong: {wrong}", err=True)
    ctx.exit(1 if wrong else 0)


def _describe(result: DoctorResult) -> str:
    return f"{result.message}; to fix it: {result.remedy}" if result.remedy else result.message


def _to_json(result: DoctorResult) -> dict[str, Any]:
    """Returns a result with the key ``said`` for its message, which programs read."""
    return {"said" if key == "message" else key: value for key, value in result._asdict().items()}
