"""The generated pages are current, and what the pages name is there."""

from __future__ import annotations

import inspect
import re
from functools import reduce
from importlib import import_module
from pathlib import Path

import pytest

from docs import reference
from zoo_core.plugins import hookspecs
from zoo_core.plugins.loading import HOOKS

DOCS = Path(__file__).parents[2] / "docs"
GENERATED = re.compile(r"^\]\]\] -->\n(.*)^<!-- \[\[\[end\]\]\]", re.M | re.S)
HOW = (DOCS / "how-it-works.md").read_text("utf-8")
NAMES = sorted(set(re.findall(r"`(zoo_\w+(?:\.\w+)*:\w+(?:\.\w+)*)`", HOW)))


def _generated(name: str) -> str:
    found = GENERATED.search((DOCS / name).read_text("utf-8"))
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("name", "made"), [("hooks.md", reference.hooks_page()), ("cli.md", reference.commands_page())]
)
def test_a_generated_page_is_current(name: str, made: str) -> None:
    assert _generated(name).strip() == made.strip(), f"renew it: cog -r docs/{name}"


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_stands_there_with_its_signature_and_its_whole_text(hook: str) -> None:
    page, function = _generated("hooks.md"), getattr(hookspecs, hook)
    section = page.partition(f"## `{hook}`\n")[2].partition("\n## ")[0]
    kind = HOOKS[hook].__name__
    assert f"def {hook}() -> list[{kind}]: ..." in section
    text = inspect.getdoc(function) or ""
    assert len(text.splitlines()) >= 3
    assert text.replace("``", "`") in section


@pytest.mark.parametrize("hook", [hook for hook, kind in HOOKS.items() if kind is not Path])
def test_every_field_of_a_spec_is_explained(hook: str) -> None:
    page = _generated("hooks.md")
    section = page.partition(f"## `{hook}`\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", section, re.M)[1:]
    assert [name for name, _, _ in rows] == list(HOOKS[hook].__dataclass_fields__)  # type: ignore[union-attr]
    assert all(said.endswith(".") for _, _, said in rows)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_page_on_the_zoo_names_is_there(name: str) -> None:
    module, _, path = name.partition(":")
    assert reduce(getattr, path.split("."), import_module(module)) is not None


def test_the_page_on_the_zoo_names_enough() -> None:
    assert len(NAMES) > 30
