"""Environments with real wheels: one for all tests, and one for each test that changes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.installs.environment import (
    OURS,
    ROOT,
    Environment,
    build_wheel,
    install_wheels,
    make_environment,
)
from tests.installs.third_party import bad_plugin, good_plugin


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Wheels by name: ours, ``good`` and ``bad``."""
    folder = tmp_path_factory.mktemp("wheels")
    projects = {name: ROOT / name for name in OURS}
    projects |= {"good": good_plugin(folder), "bad": bad_plugin(folder)}
    return {name: build_wheel(path, folder / "dist" / name) for name, path in projects.items()}


@pytest.fixture(scope="session")
def environment(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The zoo with both third-party distributions, without pip; tests must not change it."""
    new = make_environment(tmp_path_factory.mktemp("environment"), with_pip=False)
    install_wheels(new, list(wheels.values()))
    return new


@pytest.fixture
def own_environment(wheels: dict[str, Path], tmp_path: Path) -> Environment:
    """The zoo with the bad distribution, without pip, for one test."""
    new = make_environment(tmp_path, with_pip=False)
    install_wheels(new, [wheel for name, wheel in wheels.items() if name != "good"])
    return new


@pytest.fixture
def pip_environment(wheels: dict[str, Path], tmp_path: Path) -> Environment:
    """The zoo with the bad distribution and pip, for one test."""
    new = make_environment(tmp_path, with_pip=True)
    install_wheels(new, [wheel for name, wheel in wheels.items() if name != "good"])
    return new
