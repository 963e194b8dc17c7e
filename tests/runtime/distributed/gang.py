"""Work on several processes as torch's launcher starts them, forked because that is faster."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zoo_core.runtime.distributed.processes import ONE_PROCESS, AbstractProcesses

Work = Callable[[AbstractProcesses], Any]


def environments(size: int, **others: str) -> list[dict[str, str]]:
    """Returns the environment variables that the launcher gives each of its processes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    together = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "GLOO_SOCKET_IFNAME": "lo",
        "TORCHELASTIC_RUN_ID": "test",
        "WORLD_SIZE": str(size),
        "LOCAL_WORLD_SIZE": str(size),
        "ZOO_PEER_TIMEOUT": "60",
    }
    return [
        together | {"RANK": str(rank), "LOCAL_RANK": str(rank)} | others for rank in range(size)
    ]


def gang(folder: Path, size: int, work: Work, *, seconds: float = 120) -> list[Any]:
    """Returns what the work returned in each of several processes.

    Args:
        folder: A folder that need not exist, for the results.
        size: The number of processes; the work of one is done in this process.
        work: The work, which returns what JSON can hold.
        seconds: The time after which the processes are killed.

    Raises:
        AssertionError: A process failed or did not end, with its traceback.
    """
    if size == 1:
        return [json.loads(json.dumps(work(ONE_PROCESS)))]
    folder.mkdir(parents=True, exist_ok=True)
    pids = []
    for rank, variables in enumerate(environments(size)):
        with warnings.catch_warnings():  # from 3.12 on, of locks that other threads might hold
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if not pid:
            _work(folder / str(rank), variables, work)
        pids.append(pid)
    deadline, codes = time.monotonic() + seconds, []
    for pid in pids:
        while not (status := os.waitpid(pid, os.WNOHANG))[0]:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)
        codes.append(status[1])
    texts = [(folder / str(rank)).read_text() for rank in range(size)]
    assert not any(codes), "\n".join(texts)
    return [json.loads(text) for text in texts]


def _work(path: Path, variables: dict[str, str], work: Work) -> None:
    """Does the work in a forked process and ends it."""
    from zoo_core.runtime.distributed.torch_processes import joined_processes

    code = 1
    try:
        os.environ.update(variables)
        with joined_processes() as processes:
            path.write_text(json.dumps(work(processes)))
        code = 0
    except BaseException:
        path.write_text(traceback.format_exc())
    finally:
        sys.stdout.flush()
        os._exit(code)
