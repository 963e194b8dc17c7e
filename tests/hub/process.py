"""The command line in a process of its own: a forked one, or a fresh Python.

An import of torch and of the Hub's client costs seconds. ``start_forked`` forks the command from
multiprocessing's fork server, which has imported both and run nothing. The command still has its
own environment, working directory and exit code, and the client's constants are read anew.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import SupportsIndex

from tests.cli.command import PROGRAM, Result
from tests.unprivileged import obey_permissions
from zoo_cli.main import main, run
from zoo_core.plugins import discovery

ROOT = Path(__file__).parents[2]
PRELOADED = "tests.hub.preloaded"
"""What the fork server imports once; a child imports the rest itself."""
STARTING = threading.Lock()
LONGEST_COMMAND = 600.0
"""Seconds after which a command, or several in turn, has failed."""
LONGEST_SLEEP = 0.01
"""Seconds that a forked command really sleeps; the rest of a sleep is added to its clock."""
NETWORK_EVENTS = {"socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname"}
NETWORK_USED = 99
"""The exit code of a command that must not use the network and tries to."""


def start_forked(
    folder: Path, arguments: tuple[str, ...], settings: Mapping[str, str], *, network: bool = True
) -> BaseProcess:
    """Starts the command in a forked process.

    Args:
        folder: A new folder, where the process writes the files ``stdout`` and ``stderr``.
        arguments: The words after ``zoo``.
        settings: The whole environment.
        network: Whether the command may use the network; otherwise the first attempt ends it.
    """
    folder.mkdir(parents=True)
    process = fork_server().Process(
        target=_run_command, args=(str(folder), arguments, dict(settings), network)
    )
    process.start()
    return process


def run_forked(
    folder: Path, arguments: tuple[str, ...], settings: Mapping[str, str], *, network: bool = True
) -> Result:
    """Runs the command in a forked process to its end; see ``start_forked``."""
    process = start_forked(folder, arguments, settings, network=network)
    process.join(LONGEST_COMMAND)
    if process.exitcode is None:
        process.kill()
        raise AssertionError(f"still running: {(folder / 'stderr').read_text()}")
    stdout, stderr = ((folder / name).read_text("utf-8") for name in ("stdout", "stderr"))
    return Result(process.exitcode, stdout, stderr)


def run_forked_in_turn(
    folder: Path, commands: Sequence[tuple[str, ...]], settings: Mapping[str, str]
) -> list[Result]:
    """Runs several commands in one forked process, one after the other; see ``start_forked``."""
    folder.mkdir(parents=True)
    process = fork_server().Process(
        target=_run_commands, args=(str(folder), commands, dict(settings))
    )
    process.start()
    process.join(LONGEST_COMMAND)
    if process.exitcode != 0:
        process.kill()
        raise AssertionError(f"not every command has ended: {sorted(folder.iterdir())[-1]}")
    results = []
    for number in range(len(commands)):
        stdout, stderr, code = (
            (folder / f"{number}-{name}").read_text("utf-8")
            for name in ("stdout", "stderr", "code")
        )
        results.append(Result(int(code), stdout, stderr))
    return results


def run_fresh(arguments: tuple[str, ...], settings: Mapping[str, str]) -> Result:
    """Runs the command in a Python that has imported nothing."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=obey_permissions,
        env=dict(settings),
    )
    return Result(done.returncode, done.stdout, done.stderr)


@cache
def fork_server() -> ForkServerContext:
    """Returns the fork server, and starts it before its first command.

    Python 3.11 gives it no path of modules and passes over a module that it cannot import, so it
    starts in the folder of the tests.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOADED])
    with STARTING, contextlib.chdir(ROOT):
        forkserver.ensure_running()
    return context


def _run_command(
    folder: str, arguments: tuple[str, ...], settings: dict[str, str], network: bool
) -> None:
    """Makes the forked process like a new one and runs the command in it."""
    _redirect_output(folder)
    _become_fresh(settings)
    if not network:
        sys.addaudithook(_end_at_network)
    sys.argv = ["zoo", *arguments]
    main()


def _run_commands(
    folder: str, commands: Sequence[tuple[str, ...]], settings: dict[str, str]
) -> None:
    _become_fresh(settings)
    for number, arguments in enumerate(commands):
        _redirect_output(folder, f"{number}-")
        code = run(list(arguments))
        sys.stdout.flush()
        sys.stderr.flush()
        Path(folder, f"{number}-code").write_text(str(code))


def _redirect_output(folder: str, prefix: str = "") -> None:
    """Sends stdout and stderr to files."""
    for descriptor, name in enumerate(("stdout", "stderr"), start=1):
        path = os.path.join(folder, prefix + name)  # noqa: PTH118
        file = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, descriptor)
        os.close(file)


def _become_fresh(settings: dict[str, str]) -> None:
    """Gives the process the environment of a fresh one."""
    assert PRELOADED in sys.modules, "each command would import everything, which takes seconds"
    os.environ.clear()
    os.environ.update(settings)
    importlib.reload(importlib.import_module("huggingface_hub.constants"))  # it reads HF_*
    points = importlib.import_module(PRELOADED).ENTRY_POINTS
    setattr(discovery, "entry_points", lambda group: points)  # noqa: B010  # no name of its own
    os.fsync = lambda fd: None  # as in the processes of the tests
    obey_permissions()
    _skip_sleeps()


def _skip_sleeps() -> None:
    """Makes long sleeps short and the clock run ahead by as much.

    So every pause before another try and every deadline is the real one, and costs no time.
    """
    sleep, monotonic = time.sleep, time.monotonic
    skipped = 0.0

    def short_sleep(seconds: SupportsIndex | float, /) -> None:
        nonlocal skipped
        real = min(float(seconds), LONGEST_SLEEP)
        skipped += float(seconds) - real
        sleep(real)

    time.sleep = short_sleep
    time.monotonic = lambda: monotonic() + skipped


def _end_at_network(event: str, arguments: tuple[object, ...]) -> None:
    if event in NETWORK_EVENTS:
        os._exit(NETWORK_USED)
