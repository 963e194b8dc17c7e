"""A fresh virtual environment with real wheels of the core, the command line and some plugins.

What the zoo needs of others is linked into it rather than installed again: torch is large.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.cli.command import Result

ROOT = Path(__file__).parents[2]
SITE_PACKAGES = Path(sysconfig.get_paths()["purelib"])
OURS = ("zoo_core", "cli", "plugins/text", "plugins/train", "plugins/rnn", "plugins/gru")
UV = os.environ.get("UV") or shutil.which("uv")
OFFLINE = {
    "UV_OFFLINE": "1",
    "UV_NO_BUILD_ISOLATION": "1",
    "PIP_NO_INDEX": "1",
    "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as the answer to --build-isolation
    "UV_NO_CONFIG": "1",
    "PIP_CONFIG_FILE": os.devnull,
}
"""Nothing is downloaded, builds use the hatchling that is here, and no configuration is read."""


def offline_variables() -> dict[str, str]:
    """The variables of this process, with those of ``OFFLINE`` as the only ones of pip and uv.

    A constraint or a folder of wheels that somebody has set for pip may replace a library, and
    those of an environment are links to the ones that the tests themselves use.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_"))}
    return kept | OFFLINE


class Environment(NamedTuple):
    """A virtual environment and the folder that commands run in."""

    folder: Path
    work: Path

    def run(
        self, *command: str, check: bool = True, variables: Mapping[str, str] | None = None
    ) -> Result:
        """Runs a program of the environment, ``zoo`` or ``python``, as a person does."""
        return self._run([str(self.programs / command[0]), *command[1:]], check, variables)

    def shell(self, script: str, variables: Mapping[str, str] | None = None) -> Result:
        """Runs a script with the environment's programs first."""
        return self._run(["bash", "-c", script], False, variables)

    @property
    def programs(self) -> Path:
        """Where the programs are."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    def _run(self, command: list[str], check: bool, variables: Mapping[str, str] | None) -> Result:
        path = os.pathsep.join([str(self.programs), str(Path(UV or "").parent), os.environ["PATH"]])
        dropped = ("PYTHONPATH", "VIRTUAL_ENV", "UV", "PYTHONDONTWRITEBYTECODE")
        known = {key: value for key, value in offline_variables().items() if key not in dropped}
        done = subprocess.run(
            command,
            cwd=self.work,
            env=known | {"PATH": path} | dict(variables or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return Result(done.returncode, done.stdout, done.stderr)


def make_environment(
    folder: Path, *, with_pip: bool, only: Collection[str] | None = None
) -> Environment:
    """An environment without the zoo, but with all that it needs.

    Args:
        folder: Where it is made.
        with_pip: Whether it has pip.
        only: The files and folders of site-packages that it has; None for all.
    """
    import venv

    venv.create(folder / "venv", with_pip=with_pip, symlinks=os.name != "nt")
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    for path in SITE_PACKAGES.iterdir():
        ours = path.name.startswith(("zoo_", "_zoo_", "__editable__")) or (
            path.suffix == ".pth" or path.name.partition("-")[0] in ("pip", "uv")
        )
        if ours or (site / path.name).exists() or (only is not None and path.name not in only):
            continue
        if path.suffix == ".dist-info":  # a link to one is overlooked by uv
            shutil.copytree(path, site / path.name)
        else:
            (site / path.name).symlink_to(path)
    (folder / "work").mkdir()
    return Environment(folder / "venv", folder / "work")


def build_wheel(project: Path, target: Path, variables: Mapping[str, str] | None = None) -> Path:
    """The wheel of a project, built in an empty folder."""
    target.mkdir(parents=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    done = subprocess.run(
        command,
        cwd=project,
        env=os.environ | dict(variables or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = target.glob("*.whl")
    return wheel


def install_wheels(environment: Environment, wheels: list[Path]) -> None:
    """Installs wheels and nothing else."""
    python = str(environment.folder / "bin" / "python")
    names = [str(wheel) for wheel in wheels]
    if UV:
        command = [UV, "pip", "install", "--python", python, "--no-deps", "--offline", *names]
    else:
        command = [python, "-m", "pip", "install", "--no-deps", "--no-index", *names]
    subprocess.run(command, env=offline_variables(), check=True, capture_output=True)


def make_zoo(folder: Path) -> Environment:
    """The zoo of this checkout as wheels in an environment of its own, without pip."""
    new = make_environment(folder, with_pip=False)
    install_wheels(new, [build_wheel(ROOT / name, folder / "dist" / name) for name in OURS])
    return new
