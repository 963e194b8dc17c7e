"""The core's log messages, as commands print them."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from zoo_cli.terminal.messages import hide_messages, show_messages

LOGGER = logging.getLogger("zoo_core.runtime.somewhere")


def test_a_message_is_one_printable_line(capsys: pytest.CaptureFixture[str]) -> None:
    with show_messages():
        LOGGER.info("first\nsecond \x1b[31mred")
    assert capsys.readouterr().err == "first second \\x1b[31mred\n"


def test_messages_are_printed_only_inside_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    with show_messages():
        LOGGER.debug("too detailed")
    with hide_messages():
        LOGGER.warning("hidden")
    LOGGER.info("after the command")
    assert capsys.readouterr().err == ""


def test_nested_commands_print_a_message_once(capsys: pytest.CaptureFixture[str]) -> None:
    with show_messages(), show_messages():
        LOGGER.warning("once")
    assert capsys.readouterr().err == "once\n"


def test_a_closed_terminal_does_not_stop_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as closed, show_messages():
        monkeypatch.setattr(sys, "stderr", closed)
        LOGGER.warning("nobody reads this")


def test_a_command_prints_the_warnings_of_the_core(zoo: Zoo, hello: Path) -> None:
    (hello / "config.json").unlink()
    result = zoo("predict", hello, "hello")
    assert result.stdout == "ohlol\n"
    assert result.stderr == f"{hello} is unfinished: using its best weights so far\n"


def test_training_on_from_an_unfinished_run_prints_a_warning(
    zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    (hello / "config.json").unlink()
    arguments = ["--from", hello, "--trainer.epochs", 1, "--out", tmp_path / "new"]
    result = zoo("train", "lstm-embed", *arguments)
    assert result.code == 0
    assert f"{hello} is unfinished: using its best weights so far\n" in result.stderr
