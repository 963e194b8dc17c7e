"""The environment's own installer: pip, or uv where pip is missing. No plugin is loaded here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import NamedTuple, final

from zoo_core.errors import PluginError, RefusedError
from zoo_core.installer.changes import Change, pip_changes, uv_changes

FRAME = " ╰─▶│├×"
"""What uv draws around the words of an error."""


@final
class Installer(NamedTuple):
    """An installer of this environment.

    Args:
        name: ``pip`` or ``uv``.
        command: What to run.
        target: What tells it that this environment is meant.
    """

    name: str
    command: tuple[str, ...]
    target: tuple[str, ...]

    def plan(self, expected: Sequence[str]) -> list[Change]:
        """What installing would change, found out without changing anything.

        Args:
            expected: Flags and requirements as the installer takes them.

        Raises:
            PluginError: The installer cannot do it; it says why.
        """
        if self.name == "uv":
            return uv_changes(self.run("install", "--dry-run", *expected))
        return pip_changes(self.run("install", "--dry-run", "--quiet", "--report", "-", *expected))

    def install(self, expected: Sequence[str]) -> str:
        """Installs; returns what the installer said.

        Raises:
            PluginError: It failed.
        """
        return self.run("install", *expected)

    def uninstall(self, distribution: str) -> str:
        """Removes a distribution; returns what the installer said.

        Raises:
            PluginError: It failed.
        """
        return self.run("uninstall", *(["--yes"] if self.name == "pip" else []), distribution)

    def run(self, verb: str, *arguments: str) -> str:
        """Runs the installer; returns what it said: pip's stdout, uv's stderr.

        Raises:
            PluginError: It failed; what it said is told.
        """
        command = [*self.command, verb, *self.target, *arguments]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            stdout, stderr = process.communicate()
        except KeyboardInterrupt:  # which the installer gets too, and rolls back
            process.communicate()
            raise
        if process.returncode:
            told = _failure(stderr) or f"exit code {process.returncode}"
            raise PluginError(f"{self.name} {verb} failed: {told}")
        return stderr if self.name == "uv" else stdout


def find_installer() -> Installer:
    """The installer of this environment.

    Raises:
        RefusedError: There is neither pip nor uv.
    """
    if find_spec("pip"):
        return Installer("pip", (sys.executable, "-m", "pip", "--disable-pip-version-check"), ())
    here = ("--python", sys.executable)
    if uv := shutil.which("uv"):
        return Installer("uv", (uv, "pip"), here)
    if find_spec("uv"):
        return Installer("uv", (sys.executable, "-m", "uv", "pip"), here)
    raise RefusedError(f"neither pip nor uv is here; get one: {sys.executable} -m ensurepip")


def _failure(said: str) -> str:
    """An installer's error in one line; of a long one, such as a build's, both ends."""
    lines = [line for line in (line.strip(FRAME) for line in said.splitlines()) if line]
    first = next((n for n, line in enumerate(lines) if line.lower().startswith("error")), 0)
    told = lines[first:]
    return " ".join(told if len(told) <= 4 else [told[0], "...", told[-1]])[:600]
