"""Help pages: every command says what each of its arguments is."""

from __future__ import annotations

import re

import click
import pytest

from tests.cli.parsing.test_bounds import commands
from zoo_cli.main import COMMANDS
from zoo_cli.main import zoo as zoo_group
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import CommandSpec

WORD = re.compile(r"[A-Z]{2,}")
OF_PLUGINS = {entry.spec.name: entry.spec.target for entry in load_catalog().of(CommandSpec)}


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() | OF_PLUGINS.keys()))
def test_a_help_page_says_what_each_argument_is(name: str) -> None:
    if name in COMMANDS:
        top = zoo_group.get_command(click.Context(zoo_group), name)
    else:
        top = resolve(OF_PLUGINS[name])
    assert isinstance(top, click.Command)
    for words, command in commands(top, (name,)):
        context = click.Context(command, info_name=words)
        for param in command.params:
            if isinstance(param, click.Argument):
                said = set(WORD.findall(command.help or ""))
                missing = set(WORD.findall(param.make_metavar(context))) - said
                assert not missing, f"the help of zoo {words} does not say what {missing} is"
