"""The README of every plugin has the same sections, names what it adds and leads to its page."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, plugin_readmes
from tests.docs.session import blocks
from zoo_core.registry.file import read_registry

SECTION = re.compile(r"^## (.*)$", re.M)
PAGE = re.compile(r"^- [^`\n]+, `(docs/[\w/-]+\.md)`", re.M)
RELATIVE_LINK = re.compile(r"\]\((?!https?://|#)[^)]*\)")
TEMPLATE = ROOT / "zoo_core" / "src" / "zoo_core" / "scaffold" / "template" / "README.md"
DESCRIPTIONS = (
    ROOT / "zoo_core" / "README.md",
    ROOT / "cli" / "README.md",
    *plugin_readmes(),
    TEMPLATE,
)
"""What the distributions have as their description, on a package index too."""
LIGHT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]["dev"]
KINDS = (
    "models",
    "datasets",
    "trainers",
    "loggers",
    "commands",
    "formats",
    "engines",
    "tokenizers",
)
every_readme = pytest.mark.parametrize(
    "readme", plugin_readmes(), ids=lambda path: path.parent.name
)


def sections(readme: Path) -> dict[str, str]:
    """The sections of a README, by title, in their order."""
    titles_and_texts = SECTION.split(readme.read_text("utf-8"))[1:]
    return dict(zip(titles_and_texts[::2], titles_and_texts[1::2], strict=True))


@every_readme
def test_a_readme_has_the_same_sections_as_the_others(readme: Path) -> None:
    text = readme.read_text("utf-8")
    assert text.startswith(f"# zoo-{readme.parent.name}\n\n")
    titles = list(sections(readme))
    assert titles[:3] == ["Install", "What it adds", "Example"]
    assert titles[-1] == "More"
    assert blocks(sections(readme)["Example"]), "an example is a block of code"


@every_readme
def test_a_readme_installs_the_command_and_the_plugin(readme: Path) -> None:
    name = f"zoo-{readme.parent.name}"
    (install,) = blocks(sections(readme)["Install"])
    wanted = "zoo-cli" if name in LIGHT else f"zoo-cli {name}"
    assert install.body == f"$ pip install {wanted}\n"


@every_readme
def test_a_readme_names_everything_that_the_plugin_adds(readme: Path) -> None:
    plugins = {plugin.name: plugin for plugin in read_registry(ROOT / "registry.toml").plugins}
    plugin = plugins[f"zoo-{readme.parent.name}"]
    shown = set(re.findall(r"`(?:zoo )?([a-z0-9-]+)\b[^`]*`", sections(readme)["What it adds"]))
    shown |= set(re.findall(r"--dataset\.tokens (\w+)", sections(readme)["What it adds"]))
    added = {*plugin.offers, *plugin.commands, *plugin.loggers, *plugin.formats, *plugin.engines}
    assert added <= shown


@every_readme
def test_a_readme_ends_with_the_names_of_pages(readme: Path) -> None:
    """By their path, which is true on GitHub and on a package index; the site makes links."""
    named = PAGE.findall(sections(readme)["More"])
    assert named
    assert len(named) == sections(readme)["More"].count("\n- ")
    assert all((ROOT / page).is_file() for page in named)


@pytest.mark.parametrize("readme", DESCRIPTIONS, ids=lambda path: path.parent.name)
def test_what_a_package_index_shows_has_no_link_into_the_checkout(readme: Path) -> None:
    assert RELATIVE_LINK.findall(readme.read_text("utf-8")) == []
