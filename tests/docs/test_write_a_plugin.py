"""The tutorial has blocks that are run or written, and commands that exist."""

from __future__ import annotations

import ast
import shlex
import tomllib
from pathlib import Path

import pytest

from tests.docs.session import agrees, blocks, commands
from zoo_cli.commands.plugins.group import COMMANDS as PLUGINS
from zoo_cli.main import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "write-a-plugin.md"
TEXT = PAGE.read_text("utf-8")
BLOCKS = blocks(TEXT)


def test_every_block_is_run_or_written() -> None:
    assert TEXT.count("```") == 2 * len(BLOCKS)
    for block in BLOCKS:
        assert block.language == "console" or block.path, block
        if block.language == "python":
            ast.parse(block.body)
        elif block.language == "toml":
            tomllib.loads(block.body)
        else:
            assert block.body.startswith("$ ")


def test_every_command_of_the_zoo_is_one() -> None:
    lines = [command.line for block in BLOCKS if not block.path for command in commands(block.body)]
    words = [shlex.split(line.partition("|")[0]) for line in lines]
    asked = [command[command.index("zoo") + 1 :] for command in words if "zoo" in command]
    assert len(asked) > 10
    assert {command[0] for command in asked} <= set(COMMANDS)
    assert {command[1] for command in asked if command[0] == "plugins" and len(command) > 1} <= set(
        PLUGINS
    )


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        (["loss 0.5"], ["loss 0.7123"], True),
        (["loss 0.5"], ["lost 0.5"], False),
        (["a", "...", "z"], ["a", "b", "c", "z"], True),
        (["a", "...", "z"], ["a", "b", "c"], False),
        (["a"], ["a", "b"], False),
        (["2 passed in 41.52s"], ["2 passed in 122.31s (0:02:02)"], True),
        ([], [], True),
    ],
)
def test_figures_may_differ_and_words_may_not(
    shown: list[str], printed: list[str], same: bool
) -> None:
    assert agrees(shown, printed) is same
