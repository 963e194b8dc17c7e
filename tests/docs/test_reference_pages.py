"""The generated pages are current, and every name on the pages exists."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from functools import reduce
from importlib import import_module
from pathlib import Path

import pytest

import zoo_core
from docs import reference
from zoo_core.data.signature import Signature
from zoo_core.plugins import hookspecs
from zoo_core.plugins.loading import HOOKS, SPEC_HOOKS, item_class
from zoo_core.runtime.nn.batch import Batch

DOCS = Path(__file__).parents[2] / "docs"
GENERATED = re.compile(r"^\]\]\] -->\n(.*)^<!-- \[\[\[end\]\]\]", re.M | re.S)
HOW = (DOCS / "how-it-works.md").read_text("utf-8")
SPEC_FIELDS = {hook: list(kind.defaults) for hook, kind in SPEC_HOOKS.items()}
NAMES = sorted(set(re.findall(r"`(zoo_\w+(?:\.\w+)*:\w+(?:\.\w+)*)`", HOW)))


def _generated(name: str) -> str:
    match = GENERATED.search((DOCS / name).read_text("utf-8"))
    assert match
    return match[1]


@pytest.mark.parametrize(
    ("name", "generated"),
    [
        ("hooks.md", reference.hooks_page()),
        ("cli.md", reference.commands_page()),
        ("inspect.md", reference.probes_table()),
        ("files.md", reference.manifest_table()),
        ("api.md", reference.api_page()),
        ("api-nn.md", reference.nn_page()),
    ],
)
def test_a_generated_page_is_current(name: str, generated: str) -> None:
    assert _generated(name).strip() == generated.strip(), f"update it: cog -r docs/{name}"


def test_every_public_name_is_on_the_page_of_the_api() -> None:
    names = [name for group in reference.API.values() for name in group]
    assert sorted(names) == sorted(zoo_core.__all__)


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented_with_signature_and_docstring(hook: str) -> None:
    page, function = _generated("hooks.md"), getattr(hookspecs, hook)
    section = page.partition(f"## `{hook}`\n")[2].partition("\n## ")[0]
    kind = item_class(hook).__name__
    assert f"def {hook}() -> list[{kind}]: ..." in section
    text = inspect.getdoc(function) or ""
    assert len(text.splitlines()) >= 3
    assert text.replace("``", "`") in section


@pytest.mark.parametrize("hook", SPEC_FIELDS)
def test_every_field_of_a_spec_is_explained(hook: str) -> None:
    page = _generated("hooks.md")
    section = page.partition(f"## `{hook}`\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", section, re.M)[1:]
    assert [name for name, _, _ in rows] == SPEC_FIELDS[hook]
    assert all(description.endswith(".") for _, _, description in rows)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_on_the_how_it_works_page_exists(name: str) -> None:
    module, _, path = name.partition(":")
    assert reduce(getattr, path.split("."), import_module(module)) is not None


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [("", "The packages of `zoo_core`"), ("runtime", "And those of `zoo_core.runtime`")],
)
def test_the_how_it_works_page_has_a_row_for_every_package(folder: str, sentence: str) -> None:
    table = HOW.partition(sentence)[2].partition("\n## ")[0].partition("\nAnd those of")[0]
    listed = re.findall(r"^\| `(\w+)` \|", table, re.M)
    core = Path(zoo_core.__file__).parent / folder
    packages = {path.parent.name for path in core.glob("*/__init__.py")}
    assert listed == sorted(packages - {"runtime", "testing"})


def test_the_how_it_works_page_links_its_text_to_the_code() -> None:
    assert len(NAMES) > 30


def test_the_changelog_names_no_model_that_is_not_there() -> None:
    text = (DOCS.parent / "CHANGELOG.md").read_text("utf-8")
    models = text.partition("\n- Models: ")[2].partition("\n- ")[0]
    named = set(re.findall(r"`([\w-]+)`", models))
    assert named
    assert named <= set(zoo_core.list_models())


def test_every_file_that_the_contributing_page_names_is_there() -> None:
    text = (DOCS / "contributing.md").read_text("utf-8")
    named = re.findall(r"`((?:\w+/)*[\w.-]+\.(?:py|toml|md))`", text)
    assert len(named) >= 9
    assert [name for name in named if not (DOCS.parent / name).is_file()] == []


def test_the_hooks_page_explains_every_field_that_authors_fill_or_read() -> None:
    text = (DOCS / "hooks.md").read_text("utf-8").partition("## What the factories return")[2]
    assert all(name in text for name in Batch._fields)
    assert all(field.name in text for field in fields(Signature))


def test_every_module_that_the_hooks_page_names_has_the_class_beside_it() -> None:
    text = (DOCS / "hooks.md").read_text("utf-8")
    named = re.findall(r"`(Abstract\w+)` of\s+`(zoo_core(?:\.\w+)+)`", text)
    assert len(named) == 11
    assert all(hasattr(import_module(module), name) for name, module in named)
