"""Environments with real wheels; what a test changes, it changes in one of its own."""

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
from tests.installs.strangers import bad_plugin, good_plugin


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Wheels by name: ours, ``good`` and ``bad``."""
    folder = tmp_path_factory.mktemp("wheels")
    projects = {name: ROOT / name for name in OURS}
    projects |= {"good": good_plugin(folder), "bad": bad_plugin(folder)}
    return {name: build_wheel(path, folder / "dist" / name) for name, path in projects.items()}


@pytest.fixture(scope="session")
def environment(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The zoo with both strangers, without pip; nobody changes it."""
    made = make_environment(tmp_path_factory.mktemp("environment"), with_pip=False)
    install_wheels(made, list(wheels.values()))
    return made


@pytest.fixture
def own_environment(wheels: dict[str, Path], tmp_path: Path) -> Environment:
    """The zoo with the bad stranger, without pip, for one test."""
    made = make_environment(tmp_path, with_pip=False)
    install_wheels(made, [wheel for name, wheel in wheels.items() if name != "good"])
    return made


@pytest.fixture
def pip_environment(wheels: dict[str, Path], tmp_path: Path) -> Environment:
    """The zoo with the bad stranger and pip, for one test."""
    made = make_environment(tmp_path, with_pip=True)
    install_wheels(made, [wheel for name, wheel in wheels.items() if name != "good"])
    return made
