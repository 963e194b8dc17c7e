"""``zoo plugins check``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from zoo_cli.terminal.output import json_option, print_json
from zoo_core.errors import PluginError
from zoo_core.plugins.catalog import load_catalog

if TYPE_CHECKING:
    from zoo_core.testing.subject import Result


@click.command()
@click.argument("name", metavar="NAME")
@json_option
def check(name: str, as_json: bool) -> None:
    """Check an installed plugin: that it loads, and that each of its parts keeps the rules.

    Every failure says what was expected, what was seen, in which smallest case, and how to mend
    it. Datasets that must be downloaded first are passed over. Exit code 7 if a check fails.
    """
    from zoo_core.testing.battery import find_plugin, subjects

    catalog = load_catalog()
    plugin = find_plugin(catalog, name)
    every = (result for subject in subjects(catalog, plugin) for result in subject.results())
    found = list(every if as_json else _told(every))
    if as_json:
        print_json([each._asdict() for each in found])
    failed = [each for each in found if each.verdict == "failed"]
    if failed:
        first = f"{failed[0].check} of {failed[0].subject}"
        more = f" and {len(failed) - 1} more" if failed[1:] else ""
        raise PluginError(f"{plugin.name} does not pass: {first}{more}; docs/conformance.md")
    if not as_json:
        passed = sum(each.verdict == "ok" for each in found)
        click.echo(f"{plugin.name} passes: {passed} ok, {len(found) - passed} skipped", err=True)


def _told(results: Iterator[Result]) -> Iterator[Result]:
    """The results, each printed as it comes."""
    for each in results:
        click.echo(f"{each.verdict:7}  {each.subject}  {each.check}")
        if each.verdict == "failed":
            click.echo(
                "".join(f"           {line}\n" for line in each.in_words().splitlines()), nl=False
            )
        elif each.verdict == "skipped":
            click.echo(f"           {each.seen}")
        yield each
