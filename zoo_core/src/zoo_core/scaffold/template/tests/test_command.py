# [command]
"""The command, run as from the command line."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from zoo_plugin_quokka.command import count


def test_symbols_are_counted(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello", "utf-8")
    result = CliRunner().invoke(count, [str(tmp_path / "text"), "--json"])
    assert result.output == '{"l": 2, "h": 1, "e": 1, "o": 1}\n'


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"\xff")
    result = CliRunner().invoke(count, [str(tmp_path / "text")])
    assert result.exit_code == 1
    assert "is not UTF-8 text" in result.output


# [end]
