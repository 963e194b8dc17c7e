"""Options that take a text: an empty one, as of an unset variable, is not the default."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from tests.cli.command import Zoo
from tests.cli.parsing.test_bounds import commands
from tests.cli.parsing.test_help import OF_PLUGINS
from zoo_cli.main import COMMANDS
from zoo_cli.main import zoo as zoo_group
from zoo_cli.parsing.given_text import GivenText
from zoo_core.plugins.import_strings import resolve

MAY_BE_EMPTY = {
    "--prompt": "the model says whether it takes an empty prompt",
    "--text": "the same",
    "--title": "a report without a title of its own",
    "--namespace": "zoo registry publish refuses it as any other that is no owner",
}
"""Options whose empty text means something or is refused elsewhere, and why."""


def options(name: str) -> list[tuple[str, click.Option]]:
    """The words of each command below a name, with each of its options."""
    if name in COMMANDS:
        top = zoo_group.get_command(click.Context(zoo_group), name)
    else:
        top = resolve(OF_PLUGINS[name])
    assert isinstance(top, click.Command)
    return [
        (words, param)
        for words, command in commands(top, (name,))
        for param in command.params
        if isinstance(param, click.Option) and not param.is_flag
    ]


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() | OF_PLUGINS.keys()))
def test_an_option_that_takes_a_text_takes_no_empty_one(name: str) -> None:
    for words, option in options(name):
        if option.opts[0] in MAY_BE_EMPTY:
            continue
        assert option.type is not click.STRING, f"zoo {words} {option.opts[0]}"
        with pytest.raises(click.BadParameter):
            option.type.convert("", option, None)


@pytest.mark.parametrize("text", ["", " ", "\t\n"])
def test_a_blank_text_is_an_empty_one(text: str) -> None:
    with pytest.raises(click.BadParameter, match="it is empty"):
        GivenText().convert(text, None, None)


@pytest.mark.parametrize("text", ["mit\nmit", "mit\x1b[31m"])
def test_a_text_of_one_line_has_no_control_characters(text: str) -> None:
    with pytest.raises(click.BadParameter, match="expected one line of text"):
        GivenText(one_line=True).convert(text, None, None)
    assert GivenText().convert(text, None, None) == text
    assert GivenText(one_line=True).convert("my own terms", None, None) == "my own terms"


@pytest.mark.parametrize(
    "command", [["push", "run", "a/b"], ["registry", "add", "run", "package:a/b"]]
)
def test_a_license_of_two_lines_is_refused_before_anything_is_looked_for(
    zoo: Zoo, command: list[str]
) -> None:
    result = zoo(*command, "--license", "mit\nmit")
    assert (result.code, result.stdout) == (2, "")
    assert "'--license': 'mit\\nmit': expected one line of text" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["push", "run", "owner/name", "--license", ""],
        ["push", "run", "owner/name", "--revision", ""],
        ["registry", "add", "run", "package:a/b", "--license", ""],
        ["registry", "add", "run", "package:a/b", "--revision", ""],
        ["registry", "add", "run", "package:a/b", "--name", ""],
        ["train", "lstm-embed", "--dataset", ""],
        ["train", "lstm-embed", "--config", ""],
        ["list", "--registry", ""],
        ["list", "--tag", ""],
    ],
)
def test_an_empty_text_is_refused_before_anything_is_looked_for(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    result = zoo(*arguments)
    assert (result.code, result.stdout) == (2, "")
    option = arguments[-2]
    last = result.stderr.splitlines()[-1]
    assert last == f"Error: Invalid value for '{option}': it is empty; is a variable unset?"
    assert not list(tmp_path.iterdir())
