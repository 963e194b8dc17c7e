"""Fixtures of the tests of faults: checkpoints, unfinished runs, processes."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import matplotlib.backends.backend_agg  # noqa: F401  # once here, not in every forked process
import pytest

from tests.cli.command import Result
from tests.cli.conftest import install_plugin, text_file, zoo, zoo_process
from tests.faults.child import Child
from tests.faults.fault import Fault
from tests.runtime.runs import interrupt
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.lock import lock_run_folder
from zoo_core.runtime.run import Run

__all__ = ["install_plugin", "text_file", "zoo", "zoo_process"]

Met = Callable[[Result], None]
Start = Callable[..., Child]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips the tests where processes cannot be forked."""
    folder = Path(__file__).parent
    if not hasattr(os, "fork") or sys.platform == "win32":
        for item in items:
            if folder in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="this platform cannot fork"))


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Fault:
    """The row of the table of faults that the test declares."""
    marker = request.node.get_closest_marker("fault")
    assert marker, "every test of a fault declares its row with @fault"
    declared: Fault = marker.args[0]
    return declared


@pytest.fixture
def met(row: Fault, record_property: Callable[[str, object], None]) -> Iterator[Met]:
    """``met(result)`` asserts that a command ended as the row says; a test must call it."""
    results: list[Result] = []

    def check(result: Result) -> None:
        results.append(result)
        row.check(result)

    yield check
    assert results, "the fault was never met"


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """``start("train", ..., before=...)``: the command in a forked process."""
    numbers = count()

    def begin(*arguments: object, before: Callable[[], object] = lambda: None) -> Child:
        return Child(tmp_path / f"child-{next(numbers)}", arguments, before)

    return begin


@pytest.fixture(scope="session")
def unfinished_once(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of forty steps that was stopped after seven, to be copied."""
    folder = tmp_path_factory.mktemp("unfinished") / "run"
    settings = {"trainer": {"epochs": 40, "save_every": 0.0}}
    run_config = resolve_run(catalog, "lstm-embed").run_config(settings, device="cpu", threads=1)
    with lock_run_folder(folder):
        interrupt(Run(catalog, run_config, folder), 7)
    (folder / "config.json").unlink()
    return folder


@pytest.fixture
def unfinished(unfinished_once: Path, tmp_path: Path) -> Path:
    """A run of forty steps that was stopped after seven."""
    return shutil.copytree(unfinished_once, tmp_path / "unfinished")


@pytest.fixture
def brief(tmp_path: Path) -> list[object]:
    """The arguments of a run of three steps."""
    out = ["--out", tmp_path / "run"]
    return ["train", "lstm-embed", "--trainer.epochs", 3, "--threads", 1, *out]


@pytest.fixture
def long(tmp_path: Path) -> list[object]:
    """The arguments of a run that saves after every step, for minutes."""
    options = ["--trainer.epochs", 100_000, "--trainer.save-every", 0, "--threads", 1]
    return ["train", "lstm-embed", *options, "--out", tmp_path / "run"]
