"""Environments with real wheels: one for all tests, and one for each test that changes it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from tests.installs.builds import Build, build_here
from tests.installs.environment import (
    OURS,
    ROOT,
    Environment,
    build_wheel,
    install_wheels,
    make_environment,
)
from tests.installs.third_party import bad_plugin, good_plugin


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Runs these tests in one worker, which builds each wheel once."""
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("installs"))


@pytest.fixture(scope="session")
def wheel_of(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """``wheel_of(project)``: the wheel of a distribution of this repository."""
    folder = tmp_path_factory.mktemp("dist")
    return cache(lambda project: build_here(WheelBuilder, project, folder))


@pytest.fixture(scope="session")
def sdist_of(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """``sdist_of(project)``: the sdist of a distribution of this repository."""
    folder = tmp_path_factory.mktemp("sdists")
    return cache(lambda project: build_here(SdistBuilder, project, folder))


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory, wheel_of: Build) -> dict[str, Path]:
    """Wheels by name: ours, ``good`` and ``bad``; the last two are built by a command."""
    folder = tmp_path_factory.mktemp("wheels")
    others = {"good": good_plugin(folder), "bad": bad_plugin(folder)}
    ours = {name: wheel_of(ROOT / name) for name in OURS}
    return ours | {name: build_wheel(path, folder / "dist" / name) for name, path in others.items()}


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
