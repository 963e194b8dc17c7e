"""Commands of plugins."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.command import InstallPlugin, Zoo

PLUGIN = """
from zoo_core import CommandSpec, hookimpl

ZOO_API = 3


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
def owl(install_plugin: InstallPlugin) -> Path:
    """The folder of an installed plugin with a command."""
    files = {"zoo_owl_plugin.py": PLUGIN, "zoo_owl_command.py": COMMAND}
    return install_plugin("zoo-owl", "zoo_owl_plugin", files)


def test_a_plugins_command_is_listed_without_being_imported(zoo: Zoo) -> None:
    assert "Says hoot." in zoo("--help").stdout
    assert "zoo_owl_command" not in sys.modules


def test_a_plugins_command_runs(zoo: Zoo) -> None:
    assert zoo("hoot", "--twice").stdout == "hoot hoot\n"


def test_a_plugins_command_without_its_module_is_exit_7(zoo: Zoo, owl: Path) -> None:
    (owl / "zoo_owl_command.py").unlink()
    result = zoo("hoot")
    assert result.code == 7
    assert "zoo_owl_command" in result.stderr


def test_a_plugins_command_that_is_no_click_command_is_exit_7(zoo: Zoo, owl: Path) -> None:
    (owl / "zoo_owl_command.py").write_text("hoot = 3")
    result = zoo("hoot")
    assert result.code == 7
    assert "not a click command" in result.stderr


def test_the_zoos_own_command_wins_over_a_plugins(zoo: Zoo, owl: Path) -> None:
    (owl / "zoo_owl_plugin.py").write_text(PLUGIN.replace('"hoot"', '"list"'))
    assert "Says hoot." not in zoo("--help").stdout
    assert zoo("list").code == 0
    assert "zoo_owl_command" not in sys.modules


def test_a_command_of_two_plugins_is_refused_and_names_both(
    zoo: Zoo, install_plugin: InstallPlugin
) -> None:
    install_plugin("zoo-owlet", "zoo_owlet_plugin", {"zoo_owlet_plugin.py": PLUGIN})
    result = zoo("hoot")
    assert result.code == 3
    assert "'hoot' is offered by zoo-owl and zoo-owlet: uninstall one" in result.stderr
    assert "Offered twice, by zoo-owl and zoo-owlet." in zoo("--help").stdout


INDEX = """schema = 1
[plugins.zoo-owl]
distribution = "zoo-owl"
commands = ["hoot"]
[plugins.zoo-fox]
distribution = "zoo-plugin-fox"
models = ["vixen"]
commands = ["bark"]
"""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry that knows the owl's command and that of a plugin that is not installed."""
    (tmp_path / "registry.toml").write_text(INDEX)
    monkeypatch.setenv("ZOO_REGISTRY", str(tmp_path / "registry.toml"))


@pytest.mark.usefixtures("index")
def test_a_known_command_that_is_not_installed_is_exit_7_with_the_install_command(zoo: Zoo) -> None:
    for arguments in (["bark"], ["bark", "--loud"], ["bark", "--help"]):
        result = zoo(*arguments)
        assert result.code == 7
        message = "zoo bark comes with zoo-plugin-fox: zoo plugins install zoo-plugin-fox"
        assert result.stderr == f"Error: {message}\n"


@pytest.mark.usefixtures("index")
def test_a_model_that_is_not_installed_is_no_command(zoo: Zoo) -> None:
    result = zoo("vixen")
    assert result.code == 2
    assert "no command 'vixen'" in result.stderr


@pytest.mark.usefixtures("index")
def test_a_command_of_a_plugin_that_is_left_out_or_broken_is_exit_7(
    zoo: Zoo, owl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-gru")
    result = zoo("hoot")
    assert result.code == 7
    assert "zoo hoot comes with zoo-owl: it is installed, but ZOO_PLUGINS leaves" in result.stderr
    monkeypatch.delenv("ZOO_PLUGINS")
    (owl / "zoo_owl_plugin.py").write_text("raise ValueError")
    result = zoo("hoot")
    assert result.code == 7
    assert "zoo hoot comes with zoo-owl: it is installed but broken" in result.stderr
