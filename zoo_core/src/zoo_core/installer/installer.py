"""The installer of this environment, pip or uv."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import NamedTuple, final

from zoo_core.errors import PluginError, RefusedError

FRAME = " ╰─▶│├×"
"""The characters that uv draws around the words of an error."""


@final
class Installer(NamedTuple):
    """An installer.

    Args:
        name: ``pip`` or ``uv``.
        command: The command to run.
        target: The arguments that choose this environment.
    """

    name: str
    command: tuple[str, ...]
    target: tuple[str, ...]

    def preview(self, arguments: Sequence[str]) -> str:
        """Returns the installer's own description of what an installation would change.

        Args:
            arguments: Flags and requirements as the installer takes them.

        Raises:
            PluginError: The installer fails; the message has its reason.
        """
        return self.run("install", "--dry-run", *arguments)

    def install(self, arguments: Sequence[str]) -> str:
        """Installs requirements and returns the installer's output.

        Args:
            arguments: Flags and requirements as the installer takes them.

        Raises:
            PluginError: The installer fails; the message has its reason.
        """
        return self.run("install", *arguments)

    def uninstall(self, distribution: str) -> str:
        """Removes a distribution and returns the installer's output.

        Raises:
            PluginError: The installer fails; the message has its reason.
        """
        flags = ["--yes"] if self.name == "pip" else []
        return self.run("uninstall", *flags, distribution)

    def run(self, verb: str, *arguments: str) -> str:
        """Runs the installer and returns its output: pip's stdout, uv's stderr.

        Raises:
            PluginError: The installer fails; the message has its reason.
        """
        process = subprocess.Popen(
            [*self.command, verb, *self.target, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            stdout, stderr = process.communicate()
        except KeyboardInterrupt:  # the installer gets the signal too, and rolls back
            process.communicate()
            raise
        if process.returncode:
            reason = _failure(stderr) or f"exit code {process.returncode}"
            raise PluginError(f"{self.name} {verb} failed: {reason}")
        return stderr if self.name == "uv" else stdout


def find_installer() -> Installer:
    """Returns the installer of this environment.

    Raises:
        RefusedError: There is neither pip nor uv.
    """
    if find_spec("pip"):
        return Installer("pip", (sys.executable, "-m", "pip", "--disable-pip-version-check"), ())
    target = ("--python", sys.executable)
    if uv := shutil.which("uv"):
        return Installer("uv", (uv, "pip"), target)
    if find_spec("uv"):
        return Installer("uv", (sys.executable, "-m", "uv", "pip"), target)
    raise RefusedError(f"neither pip nor uv is here; get one: {sys.executable} -m ensurepip")


def _failure(output: str) -> str:
    """Returns an installer's error in one line; of a long one, its first and last line."""
    lines = [stripped for line in output.splitlines() if (stripped := line.strip(FRAME))]
    starts = [n for n, line in enumerate(lines) if line.lower().startswith("error")]
    error = lines[starts[0] if starts else 0 :]
    if len(error) > 4:
        error = [error[0], "...", error[-1]]
    return " ".join(error)[:600]
