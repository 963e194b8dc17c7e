"""``pip install zoo-cli`` from a folder of wheels gives a zoo that trains."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.installs.builds import Build
from tests.installs.environment import ROOT, UV, Environment, make_environment, offline_variables
from tests.workspace import GROUPS

LIGHT = [name for name in GROUPS["dev"] if (ROOT / "plugins" / name.removeprefix("zoo-")).is_dir()]

pytestmark = pytest.mark.gate


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel_of: Build) -> Environment:
    """An environment in which the one name zoo-cli was installed, offline."""
    folder = tmp_path_factory.mktemp("alone")
    (folder / "dist").mkdir()
    plugins = [ROOT / "plugins" / name.removeprefix("zoo-") for name in LIGHT]
    for project in (ROOT / "zoo_core", ROOT / "cli", *plugins):
        shutil.copy(wheel_of(project), folder / "dist")  # of heavy plugins, there are no wheels
    new = make_environment(folder, with_pip=UV is None)
    python = str(new.programs / "python")
    command = [UV, "pip", "install", "--python", python] if UV else [python, "-m", "pip", "install"]
    source = ["--no-index", "--find-links", str(folder / "dist")]
    done = subprocess.run(
        [*command, *source, "zoo-cli"],
        env=offline_variables(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return new


def test_every_light_plugin_comes_with_it(installed: Environment) -> None:
    rows = json.loads(installed.run("zoo", "plugins", "--json").stdout)
    assert {row["name"]: row["state"] for row in rows} == dict.fromkeys(["zoo-cli", *LIGHT], "ok")


def test_it_trains_hello_and_answers(installed: Environment, tmp_path: Path) -> None:
    run = str(tmp_path / "run")
    result = installed.run("zoo", "train", "lstm-embed", "--out", run, "--json")
    assert result.json["metrics"]["train"]["accuracy"] == 1.0
    assert installed.run("zoo", "predict", run, "hello").stdout == "ohlol\n"
