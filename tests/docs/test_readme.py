"""The README and the pages show commands that exist, and a Python session that is true."""

from __future__ import annotations

import doctest
import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest

from tests.docs.pages import plugin_readmes
from tests.docs.session import blocks
from zoo_cli.main import run, zoo
from zoo_core.registry.file import read_registry

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = [
    README,
    *sorted(path for path in DOCS.rglob("*.md") if "results" not in path.parts),
    *plugin_readmes(),
]
TEXT = README.read_text("utf-8")
OPTIONAL = {
    command
    for plugin in read_registry(ROOT / "registry.toml").plugins
    for command in plugin.commands
}
"""Commands of plugins that need not be installed."""
LINK = re.compile(r"\]\((?!https?://)([^)#]+)")


def _zoo_commands(page: Path) -> list[list[str]]:
    """Returns the words after ``zoo`` of every command in the console blocks of a page."""
    commands = []
    for block in blocks(page.read_text("utf-8")):
        if block.language != "console":
            continue
        for line in block.body.splitlines():
            words = shlex.split(line, comments=True) if line.startswith(("$ ", "zoo ")) else []
            if "zoo" in words[:-1]:  # the last word may be the name of a project
                commands.append(words[words.index("zoo") + 1 :])
    return commands


def test_the_python_session_prints_what_it_shows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    result = doctest.testfile(str(README), module_relative=False, verbose=False)
    assert result.attempted > 5
    assert result.failed == 0


def test_the_commands_about_a_run_work_in_their_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    small = ["--dataset.limit", "3000", "--model.hidden-size", "4", "--trainer.epochs", "1"]
    Path("my.txt").write_text("the text of a user\n" * 100)
    verbs = []
    for words in _zoo_commands(README):
        if {"hello-run", "text-run", "./hello-run", "./text-run"} & set(words):
            is_long = words[0] == "train" and "hello-run" not in words
            assert run([*words, *small] if is_long else words) == 0, words
            verbs.append(words[0])
    uses = ["generate", "predict", "evaluate", "inspect", "resume", "verify", "diff", "push"]
    assert verbs == ["train", "train", "train", *uses]


def test_the_readme_starts_with_two_commands_and_stays_short() -> None:
    first = blocks(TEXT)[0]
    assert first.body.splitlines() == [
        "$ pip install uv && uv run zoo train lstm-embed",
        "$ uv run pytest",
    ]
    assert len(TEXT.splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_on_a_page_exists_with_its_options(page: Path) -> None:
    for words in _zoo_commands(page):
        group: click.Group = zoo
        with click.Context(zoo) as context:
            command = group.get_command(context, words[0])
            if command is None and words[0] in OPTIONAL:
                pytest.skip(f"the plugin of zoo {words[0]} is not installed")
            assert command is not None, words
            if isinstance(command, click.Group) and len(words) > 1:
                command = command.get_command(context, words[1]) or command
            options = {option for param in command.params for option in param.opts}
        typed = {word.partition("=")[0] for word in words if word.startswith("--")}
        settings = {option for option in typed if "." in option}
        assert typed - settings <= options | {"--help"}, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_pages_leads_to_a_file(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_uv_installs_the_packages_without_their_checkout() -> None:
    """``tool.uv.sources`` makes members of the workspace editable, which need the checkout."""
    commands = re.findall(r"`([^`]*uv pip install[^`]*)`", README.read_text("utf-8"))
    assert commands
    for command in commands:
        words = command.split()
        assert "--no-sources" in words
        assert {"./zoo_core", "./cli", f"./plugins/{{{','.join(_light_plugins())}}}"} <= set(words)


def _light_plugins() -> list[str]:
    """The folders of the plugins without large dependencies."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    names = [name.removeprefix("zoo-") for name in settings["dependency-groups"]["dev"]]
    return sorted(name for name in names if (ROOT / "plugins" / name).is_dir())
