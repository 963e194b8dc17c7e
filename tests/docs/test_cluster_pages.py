"""The commands of ``scale.md`` and ``many-runs-on-a-cluster.md`` for several machines.

Two launchers of torch on this machine stand for two machines, and a Ray cluster of this machine for
one of many. The runs are small.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import DOCS, PageBlock, read_document
from tests.docs.session import commands

pytestmark = [pytest.mark.slow, pytest.mark.full, pytest.mark.xdist_group("ray")]
SCALE = DOCS / "scale.md"
MANY_RUNS = DOCS / "tutorials" / "many-runs-on-a-cluster.md"
SMALL = ["--dataset.limit", "3000", "--trainer.epochs", "1"]
FEWER = {"--seeds 0-9": "--seeds 0-1", "--seeds 0-4": "--seeds 0-1", "128,256,512": "4,8"}
"""Fewer and smaller runs than those of the pages."""


def _blocks(page: Path, language: str) -> list[PageBlock]:
    blocks = read_document(page.read_text("utf-8")).blocks
    found = [b for b in blocks if Path(__file__).name in b.never and b.language == language]
    assert found
    return found


def _environment(**variables: str) -> dict[str, str]:
    scripts = sysconfig.get_path("scripts")
    return os.environ | {"PATH": f"{scripts}:{os.environ['PATH']}"} | variables


def _start(script: str, folder: Path, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env=_environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_one_run_on_two_machines_is_one_checkpoint(tmp_path: Path) -> None:
    (block,) = _blocks(SCALE, "sh")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = block.body.replace("host1:29400", f"127.0.0.1:{port}")
    script = script.replace("--nproc-per-node 4", "--nproc-per-node 1 --local-addr 127.0.0.1")
    small = " ".join([*SMALL, "--model.hidden-size", "8", "--threads", "1"])
    script = script.rstrip().replace("--out", f"{small} --out")
    assert small in script
    nodes = [_start(script, tmp_path) for _ in range(2)]
    printed = [node.communicate(timeout=300)[0] for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], printed
    assert "2 processes of 1 thread share every batch" in "".join(printed)
    assert (tmp_path / "runs" / "large" / "model.safetensors").is_file()


@pytest.mark.parametrize("page", [SCALE, MANY_RUNS], ids=lambda page: page.stem)
def test_every_command_with_ray_works_on_a_cluster(page: Path, tmp_path: Path) -> None:
    pytest.importorskip("zoo_ray")
    cluster = _cluster()
    try:
        for block in _blocks(page, "console"):
            for command in commands(block.body):
                if command.line.startswith("ray start"):
                    continue  # the cluster runs
                line = command.line.replace("10.0.0.1:6379", cluster.address)
                for shown, fewer in FEWER.items():
                    line = line.replace(shown, fewer)
                small = SMALL if "python-docs" in line else []
                line = " ".join([line, *small])
                process = _start(line, tmp_path, RAY_ADDRESS=cluster.address)
                printed, _ = process.communicate(timeout=600)
                assert process.returncode == 0, (line, printed)
                assert re.search(r"\d+ runs?|verdict", printed)
    finally:
        cluster.shutdown()


def _cluster() -> Any:
    """A Ray cluster of one node, as ``ray start --head`` starts it."""
    from ray.cluster_utils import Cluster

    from tests.plugins.ray.conftest import add_node
    from zoo_ray.connection import SETTINGS, own_cluster

    os.environ |= SETTINGS | own_cluster()
    cluster = Cluster()
    add_node(cluster, include_dashboard=False)
    return cluster
