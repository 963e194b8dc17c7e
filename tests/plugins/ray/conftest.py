"""A Ray cluster of two nodes on this machine, which the tests share."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

collect_ignore_glob = [] if find_spec("ray") and find_spec("zoo_ray") else ["test_*.py"]
STORE = 100_000_000
"""Bytes of the object store of each node."""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A cluster of two nodes with a core each, to which this process is connected."""
    from zoo_ray.cluster import LOOPBACK, SETTINGS

    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        import ray
        from ray.cluster_utils import Cluster

        cluster = Cluster(
            initialize_head=True,
            head_node_args={
                "num_cpus": 1,
                "object_store_memory": STORE,
                "include_dashboard": False,
                "node_ip_address": LOOPBACK,
            },
        )
        cluster.add_node(num_cpus=1, object_store_memory=STORE, node_ip_address=LOOPBACK)
        ray.init(cluster.address, log_to_driver=False, logging_level=logging.ERROR)
        yield cluster
        ray.shutdown()
        cluster.shutdown()
