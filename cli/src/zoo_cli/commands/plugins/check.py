"""``zoo plugins check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zoo_cli.parsing.completion_items import complete_plugin
from zoo_cli.terminal.output import echo, json_option, print_json
from zoo_core.errors import PluginError
from zoo_core.plugins.catalog import load_catalog

if TYPE_CHECKING:
    from zoo_core.testing.checked_part import Result


@click.command()
@click.argument("name", metavar="NAME", shell_complete=complete_plugin)
@json_option
def check(name: str, as_json: bool) -> None:
    """Check that an installed plugin loads and follows the conformance rules.

    NAME is a plugin that zoo plugins lists, or its distribution. A failure is printed with what was
    expected, what was seen, the smallest case and a remedy. Datasets that must be downloaded first
    are skipped. The exit code is 7 if a check fails.
    """
    from zoo_core.testing.suite import checked_parts, find_plugin

    catalog = load_catalog()
    plugin = find_plugin(catalog, name)
    results: list[Result] = []
    for subject in checked_parts(catalog, plugin):
        for result in subject.results():
            results.append(result)
            if not as_json:
                _print(result)
    if as_json:
        print_json([result._asdict() for result in results])
    if failed := [result for result in results if result.verdict == "failed"]:
        first = f"{failed[0].check} of {failed[0].subject}"
        more = f" and {len(failed) - 1} more" if failed[1:] else ""
        raise PluginError(f"{plugin.name} does not pass: {first}{more}; see docs/conformance.md")
    if not as_json:
        passed = sum(result.verdict == "ok" for result in results)
        echo(f"{plugin.name} passes: {passed} ok, {len(results) - passed} skipped", err=True)


def _print(result: Result) -> None:
    """Prints a result as soon as it is known."""
    echo(f"{result.verdict:7}  {result.subject}  {result.check}")
    if result.verdict == "failed":
        for line in result.describe().splitlines():
            echo(f"           {line}")
    elif result.verdict == "skipped":
        echo(f"           {result.seen}")
