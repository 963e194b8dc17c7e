"""The processes of torch.distributed: bfloat16, NCCL, and the errors of a lost process.

NCCL needs a GPU for each process: what needs one or two of them is skipped where they are not.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch._C._distributed_c10d import HashStore

from tests.runtime.distributed.test_one_run import assert_same_curve
from tests.runtime.runs import finish, small_run_config
from zoo_core.errors import PeerError, ProcessError
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.distributed.processes import ONE_PROCESS, AbstractProcesses
from zoo_core.runtime.distributed.torch_processes import TorchProcesses
from zoo_core.runtime.run import Run

TIMEOUT = timedelta(seconds=60)
needs_gpus = pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs")
DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")),
]


@contextmanager
def group_of_one(device: str) -> Iterator[TorchProcesses]:
    """A process group of this process alone, whose model exchanges gradients as in a large one."""
    backend = "gloo" if device == "cpu" else "cpu:gloo,cuda:nccl"
    hook = sys.excepthook  # torch sets one that names the rank, and leaves it
    dist.init_process_group(backend, store=HashStore(), rank=0, world_size=1, timeout=TIMEOUT)
    try:
        yield TorchProcesses(TIMEOUT)
    finally:
        dist.destroy_process_group()
        sys.excepthook = hook


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("device", DEVICES)
def test_the_exchange_of_one_process_changes_nothing(
    catalog: Catalog,
    text_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    device: str,
    precision: str,
) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "1")
    trainer = {"accumulate": 2, "epochs": 1, "save_every": 60.0}
    run_config = small_run_config(catalog, text_file, trainer=trainer)
    run_config = replace(run_config, device=device, precision=precision)

    def train(processes: AbstractProcesses, folder: Path) -> None:
        finish(Run(catalog, run_config, folder, processes=processes))

    train(ONE_PROCESS, tmp_path / "alone")
    with group_of_one(device) as processes:
        train(processes, tmp_path / "group")
    # on a GPU, sums that atomic additions compute differ in their last bits
    assert_same_curve(tmp_path / "group", tmp_path / "alone", 1e-9 if device == "cpu" else 1e-2)


@needs_gpus
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-4), ("bf16", 2e-2)])
def test_2_gpus_give_the_curve_of_one(
    text_file: Path, tmp_path: Path, precision: str, tolerance: float
) -> None:
    data = ["--dataset", "text", "--dataset.path", str(text_file), "--dataset.steps", "10"]
    options = ["--trainer.epochs", "2", "--device", "cuda", "--precision", precision]
    for size in ("1", "2"):
        command = [sys.executable, "-m", "zoo_cli", "train", "lstm-embed", *data, *options]
        subprocess.run([*command, "--nproc", size, "--out", str(tmp_path / size)], check=True)
    assert_same_curve(tmp_path / "2", tmp_path / "1", tolerance)


@pytest.mark.parametrize(
    "message",
    [
        "[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:547] Connection closed by peer",
        "[../gloo/transport/tcp/unbound_buffer.cc:81] Timed out waiting 2000ms for recv operation",
        "Application timeout caused pair closure",
        "[1] is setting up NCCL communicator and retrieving ncclUniqueId from [0] via c10d",
    ],
)
def test_an_error_of_the_exchange_is_a_lost_process(message: str) -> None:
    with group_of_one("cpu") as processes:
        with pytest.raises(PeerError) as lost, processes.errors():
            raise RuntimeError(message)
        assert lost.value.exit_code == 9
        assert "has not answered for 60 s" in str(lost.value)


def test_other_errors_stay_what_they_are() -> None:
    message = "mat1 and mat2 shapes cannot be multiplied"
    with (
        group_of_one("cpu") as processes,
        pytest.raises(RuntimeError, match=message),
        processes.errors(),
    ):
        raise RuntimeError(message)


def test_an_error_of_the_first_process_names_no_process() -> None:
    def action() -> None:
        raise ProcessError("the folder is taken", 6)

    with group_of_one("cpu") as processes, pytest.raises(ProcessError) as failed:
        processes.together(action)
    assert str(failed.value) == "the folder is taken"
