"""Forked commands train after whatever the process of the tests has done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from torch._subclasses import FakeTensorMode

from tests.faults.child import Child


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform cannot fork")
def test_a_forked_command_trains_after_a_model_was_traced(tmp_path: Path) -> None:
    with FakeTensorMode():  # as in an export
        torch.ones(1)
    torch.ones((), requires_grad=True).backward()  # type: ignore[no-untyped-call]
    command = ("train", "lstm-embed.hello", "--trainer.epochs", 1, "--out", tmp_path / "run")
    result = Child(tmp_path / "output", command, lambda: None).wait()
    assert result.code == 0, result.stderr
