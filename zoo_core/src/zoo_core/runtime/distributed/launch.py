"""Starting the processes of a run on this machine, with torch's elastic launcher.

The launcher watches its processes. If one dies, it stops the others and starts all of them again,
and the run continues from its last saved state. A process that ends by itself, with an error or
after Ctrl+C, says so in a file and ends as if it had succeeded, or the launcher would start it
again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from zoo_core.errors import ConfigError, PeerError, ZooError
from zoo_core.storage.capacity import ensure_free_memory

OUTCOMES = "ZOO_OUTCOMES"
"""Environment variable: the folder in which every process writes its exit code."""
TIMEOUT = "ZOO_PEER_TIMEOUT"
"""Environment variable: seconds after which a process that does not answer counts as lost."""
DEFAULT_TIMEOUT = 300.0
MAX_RESTARTS = 3
"""How often the processes of a run are started again."""
SECONDS_TO_SAVE = 120
"""Seconds after Ctrl+C in which the processes save and end, before they are killed."""
MEMORY_OF_PROCESS = 350_000_000
"""Bytes that a process with torch takes for itself before it holds a model, measured on Linux."""
LOOPBACK = {"linux": "lo", "darwin": "lo0"}
"""The name of the interface on which the processes of one machine talk, by platform."""


def peer_timeout() -> float:
    """Returns the seconds after which a process that does not answer counts as lost.

    Raises:
        ConfigError: The environment variable is not a number above 0.
    """
    text = os.environ.get(TIMEOUT, "")
    try:
        seconds = float(text) if text else DEFAULT_TIMEOUT
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ConfigError(f"{TIMEOUT} = {text!r:.40}: expected a number of seconds above 0")
    return seconds


def launch(command: Sequence[str], size: int) -> int:
    """Runs a command in several processes.

    Args:
        command: The program and its arguments.
        size: The number of processes.

    Returns:
        The exit code: that of the first process, or of the one that failed.

    Raises:
        ConfigError: The environment variable of the timeout is not a number above 0.
        DeviceError: There is not enough memory for so many processes.
        ZooError: A process died more than ``MAX_RESTARTS`` times.
    """
    peer_timeout()  # before as many processes find out the same
    remedy = "choose a smaller --nproc"
    ensure_free_memory(size * MEMORY_OF_PROCESS, f"torch in {size} processes", remedy)
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    with tempfile.TemporaryDirectory(prefix="zoo-") as folder, _quiet_launcher():
        outcomes = Path(folder) / "outcomes"
        outcomes.mkdir()
        config = LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=size,
            run_id=uuid.uuid4().hex,
            rdzv_backend="c10d",
            rdzv_endpoint="localhost:0",
            local_addr="localhost",
            max_restarts=MAX_RESTARTS,
            logs_specs=DefaultLogsSpecs(log_dir=folder),
        )
        with _environment(_worker_environment(size, outcomes)):
            try:
                elastic_launch(config, command[0])(*command[1:])
            except SignalException as error:
                return _exit_code(outcomes) or 128 + error.sigval
            except ChildFailedError as error:
                rank, failure = error.get_first_failure()
                raise ZooError(
                    f"process {rank} ended with {_ending(failure.exitcode)}, after {MAX_RESTARTS} "
                    "restarts; the last saved state is intact"
                ) from None
        return _exit_code(outcomes)


def report_outcome(code: int) -> int:
    """Tells the launcher how this process ended; returns the exit code to end with.

    Args:
        code: The exit code of the command.
    """
    if OUTCOMES not in os.environ:
        return code
    outcomes = Path(os.environ[OUTCOMES])
    if code == PeerError.exit_code:
        # This process lost another one: to a crash, unless that one has told how it ended.
        return code if _exit_code(outcomes) == 0 else 0
    with contextlib.suppress(OSError):
        (outcomes / os.environ["RANK"]).write_text(str(code), "ascii")
    return 0


def restarts() -> int:
    """Returns how often the launcher has started this process again."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))


def _exit_code(outcomes: Path) -> int:
    """Returns the first exit code that is not 0, in the order of the processes; else 0."""
    files = sorted(outcomes.iterdir(), key=lambda path: int(path.name))
    codes = [int(path.read_text("ascii")) for path in files]
    return next((code for code in codes if code), 0)


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _worker_environment(size: int, outcomes: Path) -> dict[str, str]:
    """Returns the environment variables of the processes, without those that the user has set."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    chosen = {
        "OMP_NUM_THREADS": str(max(1, cores // size)),
        "TORCH_ELASTIC_SHUTDOWN_TIMEOUT": str(SECONDS_TO_SAVE),
        # A store that outlives a restart keeps the addresses of processes that have died.
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
    }
    if sys.platform in LOOPBACK:
        chosen["GLOO_SOCKET_IFNAME"] = LOOPBACK[sys.platform]
    free = {name: value for name, value in chosen.items() if name not in os.environ}
    return free | {OUTCOMES: str(outcomes)}


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Sets environment variables inside the context, and undoes what the launcher sets too."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@contextlib.contextmanager
def _quiet_launcher() -> Iterator[None]:
    """Silences the launcher's own log, whose news the processes tell themselves."""
    known = logging.Logger.manager.loggerDict
    levels = {}
    for name in [name for name in known if name.startswith("torch.distributed.elastic")]:
        log = logging.getLogger(name)
        levels[log] = log.level
        log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for log, level in levels.items():
            log.setLevel(level)
