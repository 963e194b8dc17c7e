"""The connection to a Ray cluster: that of ``RAY_ADDRESS``, or one of this machine."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator

from zoo_core.errors import NetworkError, PluginError, RefusedError

ADDRESS = "RAY_ADDRESS"
TOKEN, TOKEN_PATH, AUTHENTICATION = "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE"
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Without it, Ray sends the working directory of `uv run` to every worker.
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    # Ray announces at every start that this will be the default.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Environment variables of Ray that are set where the user has not set them."""
ATTEMPTS = 3
"""Times to start a cluster. On a busy machine its processes may miss the 15 seconds that Ray gives
them, and find their files in memory the next time."""
MAX_FOLDER = 24
"""Characters of a folder for temporary files that leave room for the names of Ray's sockets."""
OBJECT_STORE = 200_000_000
"""Bytes of the store of a cluster of this machine, which holds parcels alone."""
ANSWER_SECONDS = 10.0
"""Seconds to wait for the port of a cluster. Ray itself tries for minutes and prints its log."""
FIND, OWN = "auto", "local"
"""Addresses that Ray knows: the cluster of this machine that runs, and a new one."""
START = "start one with ray start --head, or unset RAY_ADDRESS for one of this machine"
CLIENT = "ray://"
"""The beginning of an address of the Ray Client, which carries no results as they come."""
HOST_PORT = re.compile(r"(?P<host>[^:/\[\]]+|\[[^\]]+\]):(?P<port>\d+)")


def own_cluster() -> dict[str, str]:
    """Returns the environment variables of a cluster of this machine alone."""
    return {
        # Ray then takes the loopback interface for that of the machine, as on macOS and Windows.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        # Ray would write a token into the home folder otherwise.
        TOKEN: secrets.token_hex(32),
        # Seconds for the processes of a node, and for a worker, which may have to read torch from
        # a slow disk. On a busy machine the limits of Ray itself end what would have succeeded.
        "RAY_gcs_server_port_wait_time_s": "120",
        "RAY_raylet_start_wait_time_s": "120",
        "RAY_worker_register_timeout_seconds": "300",
    }


@contextlib.contextmanager
def connected(cores: int) -> Iterator[None]:
    """Inside, this process is connected to the cluster of ``RAY_ADDRESS`` or to one of its own.

    A cluster of its own has no dashboard, listens on the loopback interface and is stopped at the
    end. A connection that is there already is used, and left.

    Args:
        cores: The least number of cores that a cluster of its own offers.

    Raises:
        NetworkError: The cluster does not answer, or has another version of Ray or Python.
        PluginError: Ray cannot be imported.
    """
    address = os.environ.get(ADDRESS, "")
    settings = SETTINGS if address else SETTINGS | own_cluster()
    for name, value in settings.items():
        if not os.environ.get(name):  # an empty token is none, and Ray would write one
            os.environ[name] = value
    check_answers(address)
    try:
        import ray
    except ImportError as error:
        raise PluginError(f"ray cannot be imported: {error}; pip install ray") from None
    if ray.is_initialized():
        yield
        return
    with _scratch_folder() as folder:
        try:
            with _own_signals():
                _connect(address, cores, folder)
            yield
        finally:
            ray.shutdown()


def check_answers(address: str) -> None:
    """Checks that an address is one of a cluster, and that something listens at its port.

    Args:
        address: ``HOST:PORT``, ``auto`` or ``local``; empty for a cluster of one's own.

    Raises:
        NetworkError: Nothing listens.
        RefusedError: The address is that of the Ray Client, or none of a cluster.
    """
    if address.startswith(CLIENT):
        raise RefusedError(
            f"{ADDRESS} is {address}, an address of the Ray Client, which cannot carry a sweep; "
            "run the command on a machine of the cluster, with its address as HOST:6379 or auto"
        )
    if address in ("", FIND, OWN):
        return
    match = HOST_PORT.fullmatch(address)
    if not match:
        raise RefusedError(
            f"{ADDRESS} is {address}: expected HOST:PORT, such as 10.0.0.1:6379, or {FIND} for the "
            "cluster that runs on this machine"
        )
    host, port = match["host"].strip("[]"), min(int(match["port"]), 65_535)
    try:
        socket.create_connection((host, port), timeout=ANSWER_SECONDS).close()
    except OSError as error:
        raise NetworkError(
            f"no Ray cluster answers at {address}: {error.strerror or error}; {START}"
        ) from None


def _connect(address: str, cores: int, folder: str) -> None:
    """Connects to the cluster at an address, or starts one.

    Raises:
        NetworkError: Neither succeeds.
    """
    import ray

    for attempt in range(1 if address else ATTEMPTS, 0, -1):
        try:
            if address:
                ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
            else:
                _start(cores, folder)
            return
        except Exception as error:
            ray.shutdown()
            if address == FIND and isinstance(error, ConnectionError):
                raise NetworkError(
                    f"no Ray cluster runs on this machine, where {ADDRESS}={FIND} looks for one; "
                    f"{START}"
                ) from None
            if attempt == 1:
                where = f"the Ray cluster at {address}" if address else "a Ray cluster"
                reason = "; ".join(filter(None, (first_line(error), unused_token())))
                raise NetworkError(f"{where} cannot be used: {reason}") from None


def unused_token() -> str:
    """Returns how to send the token that the environment has; empty if there is none, or it is.

    A cluster turns tokens on by itself where it finds one, and a process that is given the address
    of a cluster does not.
    """
    name = next(filter(os.environ.get, (TOKEN, TOKEN_PATH)), "")
    if not name or uses_tokens():
        return ""
    return f"{name} is sent to an address only with {AUTHENTICATION}=token"


def uses_tokens() -> bool:
    """Whether calls of this process have a token, and others that it takes must have it.

    Ray sets the variable where it turns tokens on by itself, for the processes that it starts too.
    """
    return os.environ.get(AUTHENTICATION, "").lower() == "token"


def _scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """Returns a folder for the files of a cluster, whose sockets allow about 100 characters."""
    folder = tempfile.gettempdir()
    short = folder if len(folder) <= MAX_FOLDER else "/tmp"
    return tempfile.TemporaryDirectory(prefix="ray-", dir=short, ignore_cleanup_errors=True)


def _start(cores: int, folder: str) -> None:
    """Starts a cluster of this machine, whose processes end with this one."""
    import ray

    ray.init(
        "local",
        num_cpus=max(cores, os.cpu_count() or 1),
        object_store_memory=OBJECT_STORE,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        _temp_dir=folder,
    )


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Restores the handlers of signals, of which Ray replaces that of SIGTERM."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)


def first_line(error: Exception) -> str:
    """Returns the first line of a message that is not blank."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), repr(error))
