"""A Ray cluster on this machine, which the tests share."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

# Ray reads it when it is imported, which the tests do before any fixture. Where `uv run` has
# started the tests, workers would otherwise run in an environment that uv makes for them.
os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
collect_ignore_glob = [] if find_spec("ray") and find_spec("zoo_ray") else ["test_*.py"]
STORE = 100_000_000
"""Bytes of the object store of each node."""
ATTEMPTS = 4
"""Times to start a node: Ray gives its processes 15 seconds, which a busy machine may need."""


def add_node(cluster: Any, **options: Any) -> Any:
    """Adds a node with a core, unless the options say otherwise."""
    for attempt in range(ATTEMPTS):
        try:
            return cluster.add_node(**{"num_cpus": 1, "object_store_memory": STORE} | options)
        except Exception:
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(1.0)
    raise AssertionError


def connect(address: str) -> None:
    """Connects this process to a cluster."""
    import ray

    for attempt in range(ATTEMPTS):
        try:
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
            return
        except Exception:
            ray.shutdown()
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(1.0)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """A cluster of a node with a core, to which this process is connected."""
    from zoo_ray.connection import SETTINGS, own_cluster

    with pytest.MonkeyPatch.context() as patch:
        for name, value in (SETTINGS | own_cluster()).items():
            patch.setenv(name, value)
        import ray
        from ray.cluster_utils import Cluster

        cluster = Cluster()
        add_node(cluster, include_dashboard=False)
        connect(cluster.address)
        patch.setenv("RAY_ADDRESS", cluster.address)
        yield cluster
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture
def second_node(cluster: Any) -> Iterator[Any]:
    """Another node with a core, for one test."""
    node = add_node(cluster)
    yield node
    cluster.remove_node(node)
