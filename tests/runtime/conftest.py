"""A small text, and uninterrupted runs on it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.runtime.runs import TEXT, small_run_config, train
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_config import RunConfig


@pytest.fixture(scope="session")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small text, which tests must not change."""
    path = tmp_path_factory.mktemp("text") / "fox.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="session")
def run_config(catalog: Catalog, text_file: Path) -> RunConfig:
    """Windows in random order, each from a fresh state."""
    return small_run_config(catalog, text_file)


@pytest.fixture(scope="session")
def trained_once(
    catalog: Catalog, run_config: RunConfig, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The checkpoint of ``run_config``, which tests must not change."""
    folder = tmp_path_factory.mktemp("once") / "run"
    train(catalog, run_config, folder)
    return folder


@pytest.fixture
def trained(trained_once: Path, tmp_path: Path) -> Path:
    """A copy of the checkpoint of ``run_config``, which tests may change."""
    return shutil.copytree(trained_once, tmp_path / "trained")
