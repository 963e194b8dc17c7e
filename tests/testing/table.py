"""The tables of docs/conformance.md, made of the checks and their wrong examples."""

from __future__ import annotations

from tests.testing.examples import wrong_examples
from zoo_core.testing.suite import every_check

HEAD = "| check | rule | how to fix | what fails it |\n| --- | --- | --- | --- |"


def conformance_tables() -> str:
    """Returns a table of checks for every kind of part."""
    wrong = wrong_examples()
    tables = []
    for kind, checks in every_check().items():
        rows = [
            f"| `{check.name}` | {check.rule} | {check.remedy} | {wrong[check.name]} |"
            for check in checks
        ]
        tables.append("\n".join([f"## Checks of {kind}", "", HEAD, *rows, ""]))
    return "\n".join(tables)
