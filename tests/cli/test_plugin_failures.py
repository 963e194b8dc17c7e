"""Errors of a plugin's own code in a command: one line that names file and line."""

from __future__ import annotations

from tests.cli.command import InstallPlugin, Zoo
from zoo_core.scaffold.template_files import plugin_files

PACKAGE = "zoo_plugin_failing"
GOOD, BAD = "self.gate_bias)\n", "self.gate_bais)\n"


def test_an_error_inside_a_cell_names_its_file_and_line(
    zoo: Zoo, install_plugin: InstallPlugin
) -> None:
    files = {
        path.removeprefix("src/"): text
        for path, text in plugin_files("failing", ["model"]).items()
        if path.startswith("src/")
    }
    cell = f"{PACKAGE}/cell.py"
    before, _, after = files[cell].partition(GOOD)
    files[cell] = before + BAD + after
    site = install_plugin("zoo-plugin-failing", f"{PACKAGE}.plugin", files)
    result = zoo("train", "failing")
    (error,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    place = f"Error: {site / cell}, line {before.count(chr(10)) + 1}: AttributeError: "
    assert error.startswith(place), error
    assert error.endswith("has no attribute 'gate_bais' (ZOO_DEBUG=1 shows the traceback)")
    assert result.code == 1
