"""The tables of docs/conformance.md, made of the checks and their wrong examples."""

from __future__ import annotations

from tests.testing.examples import wrong_examples
from zoo_core.testing.suite import every_check

HEAD = "| check | rule | how to mend | what fails it |\n| --- | --- | --- | --- |"


def conformance_tables() -> str:
    """A table for every kind of part."""
    wrong = wrong_examples()
    tables = []
    for kind, checks in every_check().items():
        rows = [f"| `{e.name}` | {e.rule} | {e.remedy} | {wrong[e.name]} |" for e in checks]
        tables.append("\n".join([f"## Checks of {kind}", "", HEAD, *rows, ""]))
    return "\n".join(tables)
