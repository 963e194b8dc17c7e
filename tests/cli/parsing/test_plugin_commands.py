"""Commands that plugins bring."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.command import Zoo

PLUGIN = """
from zoo_core import CommandSpec, hookimpl

ZOO_API = 2


@hookimpl
def zoo_commands():
    return [CommandSpec(name="hoot", summary="Says hoot.", target="zoo_owl_command:hoot")]
"""
COMMAND = '''
import click


@click.command()
@click.option("--twice", is_flag=True)
def hoot(twice):
    """Say hoot."""
    click.echo("hoot hoot" if twice else "hoot")
'''


@pytest.fixture(autouse=True)
def owl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed plugin with a command."""
    info = tmp_path / "zoo_owl-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo-owl\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[zoo]\nzoo-owl = zoo_owl_plugin\n")
    (tmp_path / "zoo_owl_plugin.py").write_text(PLUGIN)
    (tmp_path / "zoo_owl_command.py").write_text(COMMAND)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("zoo_owl_plugin", "zoo_owl_command"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_a_plugins_command_is_listed_without_being_imported(zoo: Zoo) -> None:
    assert "Says hoot." in zoo("--help").stdout
    assert "zoo_owl_command" not in sys.modules


def test_a_plugins_command_runs(zoo: Zoo) -> None:
    assert zoo("hoot", "--twice").stdout == "hoot hoot\n"


def test_a_plugins_command_whose_code_is_gone_is_exit_7(zoo: Zoo, tmp_path: Path) -> None:
    (tmp_path / "zoo_owl_command.py").unlink()
    result = zoo("hoot")
    assert result.code == 7
    assert "zoo_owl_command" in result.stderr


def test_a_plugins_command_that_is_no_click_command_is_exit_7(zoo: Zoo, tmp_path: Path) -> None:
    (tmp_path / "zoo_owl_command.py").write_text("hoot = 3")
    result = zoo("hoot")
    assert result.code == 7
    assert "no click command" in result.stderr


def test_the_zoos_own_command_wins_over_a_plugins(zoo: Zoo, tmp_path: Path) -> None:
    (tmp_path / "zoo_owl_plugin.py").write_text(PLUGIN.replace('"hoot"', '"list"'))
    assert "Commands of plugins" not in zoo("--help").stdout
    assert zoo("list").code == 0
    assert "zoo_owl_command" not in sys.modules


def test_a_command_that_two_plugins_bring_is_refused_with_both(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "zoo_owlet-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo-owlet\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[zoo]\nzoo-owlet = zoo_owlet_plugin\n")
    (tmp_path / "zoo_owlet_plugin.py").write_text(PLUGIN)
    monkeypatch.delitem(sys.modules, "zoo_owlet_plugin", raising=False)
    result = zoo("hoot")
    assert result.code == 3
    assert "'hoot' is offered by zoo-owl and zoo-owlet: uninstall one" in result.stderr
    assert "Offered twice, by zoo-owl and zoo-owlet." in zoo("--help").stdout
