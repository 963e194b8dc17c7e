"""The engine ``ray``, on a cluster of one or two nodes on this machine.

A cluster takes long to start on a busy machine, so one test is part of the gate and the others are
slow. What needs no cluster is tested in the modules beside this one.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import ray

from tests.cli.command import PROGRAM
from tests.plugins.ray.conftest import add_node
from tests.runtime.sweeps.in_process import InProcessEngine
from zoo_core.errors import DeviceError, RefusedError
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.sweeps.engine import (
    AbstractEngine,
    EngineOptions,
    JobAdvanced,
    JobEnded,
    JobMessage,
    JobStarted,
)
from zoo_core.runtime.sweeps.sweep import SweepEvent, run_sweep
from zoo_core.runtime.training.events import EpochEnded, Started
from zoo_core.sweeps.grid import Grid
from zoo_core.sweeps.question import Question
from zoo_core.sweeps.run_states import list_sweep_runs
from zoo_ray import cluster as cluster_module
from zoo_ray.engine import RayEngine

pytestmark = [
    pytest.mark.full,
    pytest.mark.usefixtures("cluster"),
    pytest.mark.filterwarnings("ignore"),  # Ray leaves files and sockets to the end of the process
    pytest.mark.xdist_group("ray"),
]
SAME = ("model.safetensors", "config.json", "history.jsonl", "steps.jsonl", "README.md")
"""What every engine makes of a run, bit for bit."""
BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("zoo_ray", "zoo_core"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
"""


def _question(catalog: Catalog, *, epochs: int = 3, seeds: tuple[int, ...] = (0, 1)) -> Question:
    settings = {"trainer": {"epochs": epochs, "save_every": 0.0}}
    base = resolve_run(catalog, "rnn-cell.hello").run_config(settings)
    return Question(base=base, grids=(Grid(seeds=seeds),))


def _carry_out(
    catalog: Catalog,
    folder: Path,
    question: Question,
    engine: AbstractEngine | None = None,
    *,
    threads: int = 1,
    stop_after: int = 0,
    watch: Callable[[SweepEvent], None] = lambda event: None,
) -> list[SweepEvent]:
    """Carries out a sweep by Ray, unless another engine is given; stops after some epochs."""
    seen: list[SweepEvent] = []

    def should_stop() -> bool:
        return 0 < stop_after <= len(_epochs(seen))

    engine = engine or RayEngine(EngineOptions())
    for event in run_sweep(
        catalog, folder, [question], engine=engine, threads=threads, should_stop=should_stop
    ):
        if event is not None:
            seen.append(event)
            watch(event)
    return seen


def _epochs(events: list[SweepEvent]) -> list[JobAdvanced]:
    return [e for e in events if isinstance(e, JobAdvanced) and isinstance(e.event, EpochEnded)]


def _started(events: list[SweepEvent]) -> list[str]:
    return [event.job.name for event in events if isinstance(event, JobStarted)]


def _states(folder: Path) -> dict[str, str]:
    return {run.name: run.state for run in list_sweep_runs(folder)}


def _assert_same(folder: Path, other: Path) -> None:
    for name in _states(other):
        for file in SAME:
            assert (folder / name / file).read_bytes() == (other / name / file).read_bytes(), file


def _workers() -> Iterator[psutil.Process]:
    """Yields the processes of Ray that train, which are called after their runs."""
    for process in psutil.process_iter(["cmdline"]):
        if any(word.startswith("ray::seed=") for word in process.info["cmdline"] or ()):
            yield process


@pytest.fixture(
    params=[
        pytest.param(True, id="shared"),
        pytest.param(False, id="copied", marks=pytest.mark.slow),
    ]
)
def shares(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the workers know the folder of the sweep for that of the driver."""
    if not request.param:
        monkeypatch.setattr(cluster_module, "holder_of", lambda folder: b"")
    shared: bool = request.param
    return shared


def test_a_sweep_makes_what_the_local_engine_makes_and_each_continues_the_other(
    catalog: Catalog, tmp_path: Path, shares: bool
) -> None:
    question = _question(catalog, epochs=4)
    _carry_out(catalog, tmp_path / "local", question, InProcessEngine())
    # the local engine begins, Ray continues from its saved state and adds a run
    _carry_out(catalog, tmp_path / "s", question, InProcessEngine(), stop_after=1)
    assert _states(tmp_path / "s") == {"seed=0": "interrupted", "seed=1": "missing"}
    events = _carry_out(catalog, tmp_path / "s", question)
    first = [e.event for e in events if isinstance(e, JobAdvanced) and isinstance(e.event, Started)]
    assert sorted(event.epoch for event in first) == [1, 2]
    assert set(_states(tmp_path / "s").values()) == {"finished"}
    _assert_same(tmp_path / "s", tmp_path / "local")
    # and the other way round
    local = InProcessEngine()
    _carry_out(catalog, tmp_path / "s", _question(catalog, epochs=4, seeds=(0, 1, 2)), local)
    assert local.started == ["seed=2"]
    assert [path.name for path in (tmp_path / "s").iterdir() if path.name.startswith(".")] == []


@pytest.mark.slow
@pytest.mark.usefixtures("second_node")
def test_a_stop_saves_what_runs(catalog: Catalog, tmp_path: Path, shares: bool) -> None:
    question = _question(catalog, epochs=3000, seeds=(0, 1, 2))
    events = _carry_out(catalog, tmp_path, question, stop_after=3)
    outcomes = [event.outcome for event in events if isinstance(event, JobEnded)]
    assert 1 <= len(outcomes) <= 2  # as many as there are cores
    assert set(outcomes) == {"interrupted"}
    begun = {event.job.name for event in _epochs(events)}
    assert begun
    assert {_states(tmp_path)[name] for name in begun} == {"interrupted"}
    assert _states(tmp_path)["seed=2"] == "missing"


@pytest.mark.slow
@pytest.mark.usefixtures("second_node")
def test_a_run_whose_worker_is_killed_continues_to_the_same_bits(
    catalog: Catalog, tmp_path: Path
) -> None:
    question = _question(catalog, epochs=150, seeds=(0,))
    killed: list[int] = []

    def kill(event: SweepEvent) -> None:
        if killed or not isinstance(event, JobAdvanced):
            return
        if isinstance(event.event, EpochEnded) and event.event.epoch >= 10:
            (worker,) = _workers()
            killed.append(worker.pid)
            worker.kill()

    events = _carry_out(catalog, tmp_path / "s", question, watch=kill)
    messages = [event.text for event in events if isinstance(event, JobMessage)]
    assert any("its worker died (1)" in text and "it continues" in text for text in messages)
    starts = [
        e.event.epoch for e in events if isinstance(e, JobAdvanced) and isinstance(e.event, Started)
    ]
    assert starts[0] == 1
    assert starts[1] > 1
    _carry_out(catalog, tmp_path / "local", question, InProcessEngine())
    _assert_same(tmp_path / "s", tmp_path / "local")


@pytest.mark.slow
def test_a_run_for_which_no_node_has_the_cores_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    message = r"no node of the Ray cluster has 64 cores for a run; the largest has 1 cores"
    with pytest.raises(DeviceError, match=message):
        _carry_out(catalog, tmp_path, _question(catalog), threads=64)


@pytest.mark.slow
def test_a_node_with_other_plugins_is_named_before_anything_starts(
    cluster: Any, catalog: Catalog, tmp_path: Path
) -> None:
    node = add_node(cluster, env_vars={"ZOO_PLUGINS": "zoo-rnn,zoo-text,zoo-train"})
    try:
        with pytest.raises(RefusedError, match=r"the worker on .*: zoo-chars 0\.1\.0 is missing; "):
            _carry_out(catalog, tmp_path, _question(catalog))
        assert not (tmp_path / "seed=0").exists()
    finally:
        cluster.remove_node(node)


@pytest.mark.slow
def test_a_token_of_the_driver_alone_is_refused_before_anything_starts(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "token")  # as Ray does for a token with RAY_ADDRESS=auto
    with pytest.raises(RefusedError, match=r" has no token, and .*: unset RAY_AUTH_TOKEN, or set "):
        _carry_out(catalog, tmp_path / "s", _question(catalog))
    assert set(_states(tmp_path / "s").values()) == {"missing"}


@pytest.mark.slow
def test_a_node_without_the_zoo_is_named_in_a_line(
    cluster: Any, catalog: Catalog, tmp_path: Path
) -> None:
    (tmp_path / "blocker").mkdir()
    (tmp_path / "blocker" / "sitecustomize.py").write_text(BLOCKER)
    node = add_node(cluster, env_vars={"PYTHONPATH": str(tmp_path / "blocker")})
    try:
        expected = r"^the worker on .* lacks zoo-ray: install the same environment as here there$"
        with pytest.raises(RefusedError, match=expected):
            _carry_out(catalog, tmp_path / "s", _question(catalog))
    finally:
        cluster.remove_node(node)


@pytest.mark.slow
@pytest.mark.usefixtures("second_node")
def test_a_node_that_is_added_takes_runs(cluster: Any, catalog: Catalog, tmp_path: Path) -> None:
    question = _question(catalog, epochs=200, seeds=tuple(range(12)))
    added: list[Any] = []
    nodes = {node["NodeID"] for node in ray.nodes() if node["Alive"]}
    most = [0]
    running: set[str] = set()

    def add(event: SweepEvent) -> None:
        if isinstance(event, JobStarted):
            running.add(event.job.name)
        if isinstance(event, JobEnded):
            running.discard(event.job.name)
        most[0] = max(most[0], len(running))
        if not added and isinstance(event, JobEnded):
            assert most[0] == 2
            added.append(add_node(cluster, num_cpus=2))

    try:
        _carry_out(catalog, tmp_path, question, watch=add)
        assert set(_states(tmp_path).values()) == {"finished"}
        assert most[0] == 4
        assert len({node["NodeID"] for node in ray.nodes() if node["Alive"]} - nodes) == 1
    finally:
        for node in added:
            cluster.remove_node(node)


def _command(folder: Path, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    """Starts the command in a process of its own, with a home of its own."""
    words = ["sweep", "rnn-cell.hello", "--threads", 1, "--engine", "ray", "--out", folder]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, words), *map(str, arguments)],
        env=inherited | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.usefixtures("second_node")
def test_a_command_that_is_killed_and_started_again_trains_nothing_twice(
    catalog: Catalog, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    environment = {key: value for key, value in os.environ.items() if key.startswith("RAY_")}
    flags = ("--trainer.epochs", 200, "--trainer.save-every", 0, "--seeds", "0-3")
    process = _command(folder, *flags, **environment)
    while not list(folder.glob("*/config.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    process.kill()
    process.communicate()
    while list(_workers()):
        time.sleep(0.1)
    whole = {path: path.stat().st_mtime_ns for path in folder.glob("*/config.json")}
    begun = {path.parents[1].name for path in folder.glob("*/state/CURRENT")}
    events = _carry_out(catalog, folder, _question(catalog, epochs=200, seeds=(0, 1, 2, 3)))
    assert set(_states(folder).values()) == {"finished"}
    assert not {path.parent.name for path in whole} & set(_started(events))
    assert {path: path.stat().st_mtime_ns for path in whole} == whole
    starts = {
        event.job.name: event.event.epoch
        for event in events
        if isinstance(event, JobAdvanced) and isinstance(event.event, Started)
    }
    assert all(epoch > 1 for name, epoch in starts.items() if name in begun)


@pytest.mark.slow
def test_a_cluster_of_its_own_is_on_the_loopback_interface_and_stopped_at_the_end(
    tmp_path: Path,
) -> None:
    before = set(Path(tempfile.gettempdir()).glob("ray-*"))
    process = _command(tmp_path / "s", "--trainer.epochs", 50, HOME=str(tmp_path))
    addresses: set[str] = set()
    children: set[psutil.Process] = set()
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            children |= set(psutil.Process(process.pid).children(recursive=True))
        for child in (psutil.Process(process.pid), *children):
            with contextlib.suppress(psutil.Error):
                addresses |= {c.laddr.ip for c in child.net_connections() if c.status == "LISTEN"}
        time.sleep(0.2)
    _, stderr = process.communicate()
    assert process.returncode == 0, stderr
    assert addresses
    assert {address.removeprefix("::ffff:") for address in addresses} <= {"127.0.0.1", "::1"}
    assert not [child for child in children if child.is_running()]
    assert set(Path(tempfile.gettempdir()).glob("ray-*")) == before
    assert not (tmp_path / ".ray").exists()
