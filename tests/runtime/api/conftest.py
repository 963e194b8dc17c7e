"""Checkpoints that the tests of the Python API share."""

from __future__ import annotations

from pathlib import Path

import pytest

import zoo_core
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint


@pytest.fixture(scope="module")
def hello_checkpoint(hello_once: Path) -> Checkpoint:
    """A checkpoint that answers hello with ohlol."""
    return zoo_core.load(hello_once)


@pytest.fixture(scope="module")
def prose(trained_once: Path) -> Checkpoint:
    """A checkpoint that predicts the next symbol."""
    return zoo_core.load(trained_once)
