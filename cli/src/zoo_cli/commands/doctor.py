"""``zoo doctor``."""

from __future__ import annotations

import click

from zoo_cli.terminal.output import json_option, print_json, print_table
from zoo_core.doctor import checks as diagnosis
from zoo_core.doctor.result import DoctorResult, examine
from zoo_core.doctor.stale_files import leftovers


@click.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Look whether all is well here: Python, torch, plugins, folders, registry, Hub.

    What is not comes with the command that mends it. Exit code 1 if something is wrong.
    """
    found = examine([*diagnosis.CHECKS, leftovers])
    try:
        from zoo_core.runtime.doctor import CHECKS
    except Exception as error:
        remedy = "zoo plugins install --upgrade torch zoo-core"
        found.append(DoctorResult("torch", "wrong", f"cannot be imported: {error}", remedy))
    else:
        found += examine(CHECKS)
    if as_json:
        print_json([each._asdict() for each in found])
    else:
        print_table([(each.verdict, each.subject, _said(each)) for each in found])
    wrong = [each.verdict for each in found].count("wrong")
    if wrong and not as_json:
        click.echo(f"wrong: {wrong}", err=True)
    ctx.exit(1 if wrong else 0)


def _said(finding: DoctorResult) -> str:
    return f"{finding.said}; mend it: {finding.remedy}" if finding.remedy else finding.said
