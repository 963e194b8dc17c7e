"""A small text, and runs on it that were never interrupted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.runtime.runs import TEXT, small_plan, train
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_config import Plan


@pytest.fixture(scope="session")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small text; nobody changes it."""
    path = tmp_path_factory.mktemp("text") / "fox.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="session")
def plan(catalog: Catalog, text_file: Path) -> Plan:
    """Windows in random order, each from a fresh state."""
    return small_plan(catalog, text_file)


@pytest.fixture(scope="session")
def trained_once(catalog: Catalog, plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of ``plan``, to be read only."""
    folder = tmp_path_factory.mktemp("once") / "run"
    train(catalog, plan, folder)
    return folder


@pytest.fixture
def trained(trained_once: Path, tmp_path: Path) -> Path:
    """A checkpoint of ``plan`` of one's own."""
    return shutil.copytree(trained_once, tmp_path / "trained")
