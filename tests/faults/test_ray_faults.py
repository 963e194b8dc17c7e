"""The engine ``ray``: no cluster, and workers on which no run can begin.

The answers of the cluster are made; ``tests/plugins/ray/test_ray.py`` has those of a real one.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.cli.command import Zoo
from tests.faults.conftest import Met
from tests.faults.fault import fault

pytestmark = pytest.mark.full
TINY = ("sweep", "rnn-cell.hello", "--trainer.epochs", 2, "--engine", "ray", "--out")
LEFT = "sweep.toml, and no run"


@fault(
    180,
    "no Ray cluster at RAY_ADDRESS",
    says="Error: no Ray cluster answers at 127.0.0.1:…: Connection refused; start one with "
    "ray start --head, or unset RAY_ADDRESS for one of this machine",
    code=5,
    left="nothing",
)
def test_a_cluster_that_is_not_there_is_named(
    zoo: Zoo, met: Met, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
    result = zoo(*TINY, tmp_path / "s", "--threads", 1)
    met(result)
    assert len(result.stderr.splitlines()) == 1, "progress is shown before the refusal"
    assert not (tmp_path / "s").exists()


@fault(
    180,
    "no Ray cluster runs where RAY_ADDRESS=auto looks for one",
    says="Error: no Ray cluster runs on this machine, where RAY_ADDRESS=auto looks for one; start "
    "one with ray start --head, or unset RAY_ADDRESS for one of this machine",
    code=5,
    left="nothing",
)
def test_a_cluster_that_is_not_found_is_named_before_the_first_run(
    zoo: Zoo, met: Met, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def init(address: str, **options: object) -> None:
        raise ConnectionError("Could not find any running Ray instance.")

    made: Any = ModuleType("ray")  # another test may run a cluster on this machine
    made.init, made.is_initialized, made.shutdown = init, lambda: False, lambda: None
    monkeypatch.setitem(sys.modules, "ray", made)
    monkeypatch.setenv("RAY_ADDRESS", "auto")
    result = zoo(*TINY, tmp_path / "s", "--threads", 1)
    met(result)
    assert len(result.stderr.splitlines()) == 1, "progress is shown before the refusal"
    assert not (tmp_path / "s").exists()


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A cluster of one node of two cores, whose ``answer`` is what its worker says of itself."""
    from zoo_ray import engine
    from zoo_ray.environment import Environment

    made: Any = ModuleType("ray")
    answer = Environment.here()._replace(host="far")._asdict() | {"is_shared": True}
    cluster = SimpleNamespace(answer=json.dumps(answer).encode(), error=None)

    class RayError(Exception):
        pass

    def get(reference: object) -> bytes:
        if cluster.error:
            raise RayError(cluster.error)
        data: bytes = cluster.answer
        return data

    node = {"Alive": True, "NodeID": "1", "NodeManagerHostname": "far", "Resources": {"CPU": 2.0}}
    remote = SimpleNamespace(remote=lambda *arguments: None)
    made.nodes = lambda: [node]
    made.cluster_resources = lambda: node["Resources"]
    made.remote = lambda function: SimpleNamespace(options=lambda **options: remote)
    made.get, made.exceptions = get, SimpleNamespace(RayError=RayError)
    strategies: Any = ModuleType("ray.util.scheduling_strategies")
    strategies.NodeAffinitySchedulingStrategy = lambda *arguments, **options: None
    for name, module in {
        "ray": made,
        "ray.util": ModuleType("ray.util"),
        "ray.util.scheduling_strategies": strategies,
    }.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(engine, "connected", lambda cores: contextlib.nullcontext())
    return cluster


@fault(
    181,
    "a machine of a Ray cluster without the zoo",
    says="Error: the worker on far lacks zoo-ray: install the same environment as here there",
    code=6,
    left=LEFT,
)
def test_a_worker_without_the_zoo_is_named(
    zoo: Zoo, met: Met, tmp_path: Path, ray: SimpleNamespace
) -> None:
    ray.error = "The remote function failed to import on the worker.\nNo module named 'zoo_ray'"
    met(zoo(*TINY, tmp_path / "s", "--threads", 1))
    assert not list(tmp_path.glob("s/seed=*"))


@fault(
    182,
    "a machine of a Ray cluster with other plugins",
    says="Error: the worker on far: torch is 1.0, here …; zoo-lstm … is missing; install the same "
    "versions there",
    code=6,
    left=LEFT,
)
def test_a_worker_with_other_plugins_is_named(
    zoo: Zoo, met: Met, tmp_path: Path, ray: SimpleNamespace
) -> None:
    answer = json.loads(ray.answer)
    answer["versions"]["torch"] = "1.0"
    del answer["versions"]["zoo-lstm"]
    ray.answer = json.dumps(answer).encode()
    met(zoo(*TINY, tmp_path / "s", "--threads", 1))
    assert not list(tmp_path.glob("s/seed=*"))


@fault(
    183,
    "a run that needs more cores than any machine of a Ray cluster has",
    says="Error: no node of the Ray cluster has 4 cores for a run; the largest has 2 cores and 0 "
    "GPUs: choose --threads or --device, or add a node",
    code=6,
    left=LEFT,
)
def test_a_run_for_which_no_machine_has_the_cores_is_refused(
    zoo: Zoo, met: Met, tmp_path: Path, ray: SimpleNamespace
) -> None:
    met(zoo(*TINY, tmp_path / "s", "--threads", 4))
    assert not list(tmp_path.glob("s/seed=*"))
