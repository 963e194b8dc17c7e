"""The nodes of a Ray cluster, and the tasks on them."""

from __future__ import annotations

import contextlib
import itertools
import json
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, final

from zoo_core.errors import DeviceError, RefusedError
from zoo_core.runtime.sweeps.engine import Job
from zoo_core.runtime.sweeps.messages import job_to_line
from zoo_ray.connection import AUTHENTICATION, TOKEN, first_line, uses_tokens
from zoo_ray.dispatch import AbstractTasks, Death, Fault, differs
from zoo_ray.environment import Environment
from zoo_ray.parcels import Parcel
from zoo_ray.run_files import send_run
from zoo_ray.task import describe, holder_of, train

NAMESPACE = b"zoo-ray"
"""The namespace of the stop signs in the cluster's key-value store."""
TOKEN_ALONE = (
    "{host} of the Ray cluster has no token, and this process expects one in every answer: unset "
    f"{TOKEN}, or set {AUTHENTICATION}=disabled"
)
"""What is said where the answers of a task would be refused, and the sweep wait for ever."""
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


def check_nodes(job: Job) -> bool:
    """Compares what is installed on every node with what is installed here.

    Args:
        job: A job.

    Returns:
        Whether every node sees the folder of the sweep.

    Raises:
        DeviceError: No node has the cores and GPUs that the job asks for.
        RefusedError: A node has other versions, lacks the zoo, or has no token where this process
            expects one.
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
        has_token = values.pop("uses_tokens", False)
        if uses_tokens() and not has_token:
            raise RefusedError(TOKEN_ALONE.format(host=host))
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
    return f"the worker on {host} cannot be used: {first_line(error)}"


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
        return Fault(first_line(error.cause or error))
    except ray.exceptions.RayError as error:
        return Death(first_line(error))
