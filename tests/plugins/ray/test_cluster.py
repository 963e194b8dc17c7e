"""What a run asks of a cluster, and the messages about its nodes, with made answers of Ray."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.sweeps.engine import Job
from zoo_ray.cluster import Needs, describe_failure, describe_lack, needs_of

pytestmark = pytest.mark.full


def _job(catalog: Catalog, device: str, threads: int) -> Job:
    run_config = resolve_run(catalog, "rnn-cell.hello").run_config(device=device, threads=threads)
    return Job("seed=0", Path("nowhere"), run_config)


@pytest.mark.parametrize(
    ("device", "threads", "cluster", "expected"),
    [
        ("cpu", 3, {"CPU": 8.0, "GPU": 2.0}, Needs(3, 0)),
        ("cpu", 0, {"CPU": 8.0}, Needs(1, 0)),
        ("auto", 1, {"CPU": 8.0}, Needs(1, 0)),
        ("auto", 1, {"CPU": 8.0, "GPU": 2.0}, Needs(1, 1)),
        ("cuda", 1, {"CPU": 8.0}, Needs(1, 1)),
    ],
)
def test_a_run_asks_for_a_core_for_each_thread_and_a_gpu_if_it_needs_one(
    catalog: Catalog, device: str, threads: int, cluster: dict[str, float], expected: Needs
) -> None:
    assert needs_of(_job(catalog, device, threads), cluster) == expected


def test_a_node_has_room_for_as_many_runs_as_its_scarcest_resource() -> None:
    assert Needs(2, 0).count_in({"CPU": 9.0}) == 4
    assert Needs(2, 1).count_in({"CPU": 9.0, "GPU": 3.0}) == 3
    assert Needs(1, 1).count_in({"CPU": 9.0}) == 0


def test_too_few_cores_are_named_with_the_largest_node() -> None:
    nodes: list[dict[str, Any]] = [{"Resources": {"CPU": 2.0}}, {"Resources": {"CPU": 8.0}}]
    assert describe_lack(Needs(16, 1), nodes) == (
        "no node of the Ray cluster has 16 cores and a GPU for a run; the largest has 8 cores and "
        "0 GPUs: choose --threads or --device, or add a node"
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            "The actor or task failed to import on the worker.\nNo module named 'zoo_ray'",
            "the worker on far lacks zoo-ray: install the same environment as here there",
        ),
        ("\n  Out of memory.\nmore", "the worker on far cannot be used: Out of memory."),
    ],
)
def test_a_worker_that_cannot_be_used_is_named_in_a_line(answer: str, expected: str) -> None:
    assert describe_failure("far", RuntimeError(answer)) == expected
