"""Runs of the cells with states of other shapes, killed in the middle of an epoch and resumed."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.faults.child import Child, killed_at
from tests.runtime.runs import contents, resume_to_end
from zoo_cli.main import run
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.checkpoints.resume_states import read_state

CELLS = ("qrnn", "rg-lru", "s4d", "mlstm", "gated-deltanet", "cfc")
"""A window, one real vector, complex numbers, three tensors, a matrix, and no kernel."""
KILLED_AT = 8
"""The step whose state is not renamed any more; an epoch has five or six."""
pytestmark = [
    pytest.mark.gate,
    pytest.mark.skipif(sys.platform == "win32", reason="this platform cannot fork"),
]


@pytest.mark.parametrize("cell", CELLS)
def test_a_run_killed_within_an_epoch_resumes_to_the_same_bits(
    catalog: Catalog, text_file: Path, tmp_path: Path, cell: str
) -> None:
    command: list[object] = ["train", cell, "--dataset", "text", "--dataset.path", text_file]
    command += ["--dataset.steps", 10, "--dataset.sampling", "sequential", "--trainer.epochs", 2]
    command += ["--trainer.batch-size", 4, "--trainer.save-every", 0, "--model.hidden-size", 8]
    command += ["--model.num-layers", 2, "--threads", 1, "--out"]
    assert run([str(word) for word in (*command, tmp_path / "whole")]) == 0
    killed = (*command, tmp_path / "killed")
    child = Child(tmp_path / "child", killed, killed_at("os.rename", f"/{KILLED_AT}"))
    assert child.wait().code == -signal.SIGKILL
    assert read_state(tmp_path / "killed").loop_state.progress.steps == KILLED_AT - 1
    resume_to_end(catalog, tmp_path / "killed")
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
