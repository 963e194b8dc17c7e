"""The connection to a Ray cluster, and the tasks in it."""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import re
import secrets
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, final

from zoo_core.errors import DeviceError, NetworkError, PluginError, RefusedError
from zoo_core.runtime.sweeps.engine import Job
from zoo_core.runtime.sweeps.messages import job_to_line
from zoo_ray.dispatch import AbstractTasks, Death, Fault, differs
from zoo_ray.environment import Environment
from zoo_ray.parcels import Parcel
from zoo_ray.run_files import send_run
from zoo_ray.task import describe, holder_of, train

ADDRESS = "RAY_ADDRESS"
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
NAMESPACE = b"zoo-ray"
"""The namespace of the stop signs in the cluster's key-value store."""
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
NOT_IMPORTED = ("failed to import", "No module named")
"""What Ray says where the worker lacks a module of the task."""


@final
class Needs(NamedTuple):
    """What a run asks for.

    Args:
        cpus: Cores.
        gpus: GPUs.
    """

    cpus: int
    gpus: int

    def count_in(self, resources: dict[str, float]) -> int:
        """Returns how many runs a node has room for."""
        counts = [int(resources.get("CPU", 0) // self.cpus)]
        if self.gpus:
            counts.append(int(resources.get("GPU", 0) // self.gpus))
        return min(counts)


def needs_of(job: Job, cluster: dict[str, float]) -> Needs:
    """Returns what a job asks for: a core for each thread, and a GPU for ``cuda``.

    With the device ``auto``, a run has a GPU where the cluster has any.

    Args:
        job: The job.
        cluster: The resources of the whole cluster.
    """
    device = job.run_config.device
    has_gpu = device.startswith("cuda") or (device == "auto" and cluster.get("GPU", 0) >= 1)
    return Needs(max(job.run_config.threads, 1), int(has_gpu))


def own_cluster() -> dict[str, str]:
    """Returns the environment variables of a cluster of this machine alone."""
    return {
        # Ray then takes the loopback interface for that of the machine, as on macOS and Windows.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        # Ray would write a token into the home folder otherwise.
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
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
        os.environ.setdefault(name, value)
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
                raise NetworkError(f"{where} cannot be used: {_first_line(error)}") from None


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


def check_nodes(job: Job) -> bool:
    """Compares what is installed on every node with what is installed here.

    Args:
        job: A job.

    Returns:
        Whether every node sees the folder of the sweep.

    Raises:
        DeviceError: No node has the cores and GPUs that the job asks for.
        RefusedError: A node has other versions, or lacks the zoo.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    nodes = [node for node in ray.nodes() if node["Alive"]]
    needs = needs_of(job, ray.cluster_resources())
    if not any(needs.count_in(node["Resources"]) for node in nodes):
        raise DeviceError(describe_lack(needs, nodes))
    folder = job.folder.absolute().parent
    remote = ray.remote(describe)
    answers = {
        node["NodeManagerHostname"]: remote.options(
            num_cpus=0,
            max_retries=1,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False),
        ).remote(str(folder), holder_of(folder))
        for node in nodes
    }
    here, is_shared = Environment.here(), True
    for host, reference in answers.items():
        try:
            values = json.loads(ray.get(reference))
        except ray.exceptions.RayError as error:
            raise RefusedError(describe_failure(host, error)) from None
        is_shared &= values.pop("is_shared")
        if differences := Environment(**values).differences(here):
            raise RefusedError(differs(f"{host}: {'; '.join(differences)}"))
    return is_shared


def describe_lack(needs: Needs, nodes: Sequence[dict[str, Any]]) -> str:
    """Returns the message about nodes of which none has what a run asks for."""
    resources: list[dict[str, float]] = [node["Resources"] for node in nodes]
    largest = max(resources, key=lambda node: node.get("CPU", 0.0), default=dict[str, float]())
    gpu = " and a GPU" if needs.gpus else ""
    return (
        f"no node of the Ray cluster has {needs.cpus} cores{gpu} for a run; the largest has "
        f"{largest.get('CPU', 0):g} cores and {largest.get('GPU', 0):g} GPUs: choose --threads or "
        "--device, or add a node"
    )


def describe_failure(host: str, error: Exception) -> str:
    """Returns the message about a worker on which a task cannot begin."""
    if any(text in str(error) for text in NOT_IMPORTED):
        return f"the worker on {host} lacks zoo-ray: install the same environment as here there"
    return f"the worker on {host} cannot be used: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), repr(error))


def _train(
    line: bytes, driver: bytes, holder: bytes, sign: bytes, *files: bytes
) -> Iterator[bytes]:
    """The task of a run, see ``zoo_ray.task.train``; ``sign`` is the key of the stop sign."""
    from ray.experimental.internal_kv import _internal_kv_exists

    def is_stopped() -> bool:
        # A look that Ray does not count as waiting: it gives the cores of a task that waits to
        # another one.
        return bool(_internal_kv_exists(sign, namespace=NAMESPACE))

    yield from train(line, driver, holder, files, is_stopped)


@final
class RayTasks(AbstractTasks):
    """Tasks in the cluster that this process is connected to.

    Args:
        folder: The folder of the sweep.
        is_shared: Whether every node sees it.
    """

    def __init__(self, folder: Path, *, is_shared: bool) -> None:
        import ray

        self._driver = json.dumps(Environment.here()._asdict()).encode()
        self._holder, self._is_shared = holder_of(folder), is_shared
        self._sign = secrets.token_bytes(16)
        # A task whose worker dies is handed out again by the driver, which knows what it has sent.
        self._task = ray.remote(_train)
        self._generators: dict[int, Any] = {}
        self._numbers = itertools.count()
        self._needs = Needs(1, 0)

    def count_slots(self) -> int:
        """Returns how many runs the nodes have room for."""
        import ray

        nodes = [node for node in ray.nodes() if node["Alive"]]
        return max(1, sum(self._needs.count_in(node["Resources"]) for node in nodes))

    def submit(self, job: Job) -> int:
        """Hands a job to the cluster, with its saved state where a node does not see the folder."""
        import ray

        job = job._replace(folder=job.folder.absolute())
        self._needs = needs_of(job, ray.cluster_resources())
        files: list[Any] = []
        if not self._is_shared:
            files = [ray.put(parcel.to_bytes()) for parcel in send_run(job.folder)]
        generator = self._task.options(
            name=job.name,
            num_cpus=self._needs.cpus,
            num_gpus=self._needs.gpus,
            max_retries=0,
            num_returns="streaming",
        ).remote(job_to_line(job), self._driver, self._holder, self._sign, *files)
        number = next(self._numbers)
        self._generators[number] = generator
        return number

    def wait(self, timeout: float) -> list[tuple[int, Parcel | Death | Fault]]:
        """Returns what tasks have sent."""
        import ray

        if not self._generators:
            return []
        numbers = {id(generator): number for number, generator in self._generators.items()}
        generators = list(self._generators.values())
        ready, _ = ray.wait(generators, num_returns=len(generators), timeout=0)
        if not ready:
            ready, _ = ray.wait(generators, num_returns=1, timeout=timeout)
        arrivals = []
        for generator in ready:
            number = numbers[id(generator)]
            try:
                arrival = _arrival(next(generator))
            except StopIteration:
                self._generators.pop(number)
                continue
            if not isinstance(arrival, Parcel) or arrival.kind in ("ended", "refused"):
                self._generators.pop(number)
            arrivals.append((number, arrival))
        return arrivals

    def stop(self) -> None:
        """Sets the sign that every task looks for."""
        from ray.experimental.internal_kv import _internal_kv_put

        _internal_kv_put(self._sign, b"stop", namespace=NAMESPACE)

    def close(self) -> None:
        """Removes the sign."""
        from ray.experimental.internal_kv import _internal_kv_del

        _internal_kv_del(self._sign, namespace=NAMESPACE)

    def abandon(self, number: int) -> None:
        """Ends a task."""
        import ray

        if generator := self._generators.pop(number, None):
            with contextlib.suppress(ray.exceptions.RayError, TypeError):
                ray.cancel(generator, force=True)


def _arrival(reference: Any) -> Parcel | Death | Fault:
    """Returns what an item of a task holds."""
    import ray

    try:
        return Parcel.from_bytes(ray.get(reference))
    except ray.exceptions.RayTaskError as error:
        return Fault(_first_line(error.cause or error))
    except ray.exceptions.RayError as error:
        return Death(_first_line(error))
