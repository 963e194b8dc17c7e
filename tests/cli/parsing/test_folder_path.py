"""Folders that commands write to."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from tests.cli.command import Zoo
from tests.cli.parsing.test_given_text import options
from zoo_cli.main import COMMANDS
from zoo_cli.parsing.folder import FolderPath
from zoo_core.errors import TargetError

TARGETS = [
    (words, option)
    for name in sorted(COMMANDS)
    for words, option in options(name)
    if isinstance(option.type, FolderPath) and option.type.is_target
]
"""The options of all commands that take a folder to write to."""


@pytest.fixture
def link(tmp_path: Path) -> Path:
    """A link that leads nowhere, as to a disk that is not mounted."""
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "disk" / "folder")
    return link


@pytest.mark.parametrize("below", ["", "a/b"])
@pytest.mark.parametrize(
    ("words", "option"), TARGETS, ids=[f"{words} {option.opts[0]}" for words, option in TARGETS]
)
def test_no_command_makes_a_folder_where_a_link_leads_nowhere(
    link: Path, words: str, option: click.Option, below: str
) -> None:
    with pytest.raises(TargetError) as error:
        option.type.convert(str(link / below), option, None)
    assert str(error.value) == (
        f"cannot write {link / below}: {link} is a link that leads nowhere; choose another with "
        f"{option.opts[0]}"
    )


@pytest.mark.parametrize(
    "command",
    [
        ["train", "lstm-embed.hello", "--out"],
        ["sweep", "lstm-embed.hello", "--out"],
        ["compare", "lstm-embed.hello", "--seeds", "0", "--out"],
        ["reproduce", "lstm-embed.hello", "--out"],
        ["export", "lstm-embed", "--format", "torch", "--to"],
        ["pull", "lstm-embed", "--to"],
    ],
    ids=lambda command: command[0],
)
def test_a_link_that_leads_nowhere_is_refused_alike_by_every_command(
    zoo: Zoo, link: Path, command: list[str]
) -> None:
    before = sorted(link.parent.rglob("*"))
    result = zoo(*command, link)
    assert (result.code, result.stdout) == (6, "")
    assert result.stderr == (
        f"Error: cannot write {link}: {link} is a link that leads nowhere; choose another with "
        f"{command[-1]}\n"
    )
    assert sorted(link.parent.rglob("*")) == before
