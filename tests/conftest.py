"""Fixtures for every test: a home of its own, no network, one thread, a trained checkpoint."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest

from zoo_core.plugins import discovery, entry_points
from zoo_core.plugins.catalog import Catalog, load_catalog

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from zoo_core.plugins.entry_points import EntryPoint

DEAD_HUB = {"HF_HUB_OFFLINE": "1", "HF_ENDPOINT": "http://127.0.0.1:9"}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
# Libraries read both when they are imported, here or in a process that a test starts.
os.environ |= DEAD_HUB | ONE_THREAD
# Every process would compile torch anew, which takes three seconds.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
UNSET = ("ZOO_PLUGINS", "ZOO_REGISTRY", "ZOO_DEBUG", "NO_COLOR", "HF_TOKEN")
LONGEST_ID = 100
"""Characters of a parameter up to which it is written out in the name of a test."""


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names a long text by its length: names are sent from process to process."""
    if isinstance(val, str | bytes) and len(val) > LONGEST_ID:
        return f"{argname} of {len(val)}"
    return None


def pytest_collection_finish() -> None:
    """Leaves what is imported and collected, most of all objects, out of every later collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def unsynced() -> Iterator[None]:
    """Makes ``os.fsync`` look at the file alone.

    No test cuts the power, and waiting for the disk would take a third of their time. A new Python
    process, which several tests start, does wait.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)
        yield


@pytest.fixture(scope="session", autouse=True)
def known_plugins() -> Iterator[None]:
    """Keeps the entry points of the installed distributions, which every command would read anew.

    Where a test changes the path of modules, as one that installs a plugin does, they are read.
    """
    path = list(sys.path)
    kept = cache(entry_points.entry_points)

    def known(group: str) -> list[EntryPoint]:
        return (kept if sys.path == path else kept.__wrapped__)(group)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(discovery, "entry_points", known)
        yield


@pytest.fixture(scope="session", autouse=True)
def forkable() -> None:
    """Computes a gradient, so that forked processes can train whatever a test did before.

    Had a test traced a model, as an export does, the first gradient would start threads of torch
    for the devices of tracing, and a forked process would have none of them.
    """
    if torch := sys.modules.get("torch"):
        torch.ones((), requires_grad=True).backward()


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of every test's home, of matplotlib's cache and of Trackio's data."""
    return tmp_path_factory.mktemp("session")


@pytest.fixture(scope="session", autouse=True)
def home_of_fixtures(
    session_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Sets a ``ZOO_HOME`` for what fixtures of the session and of modules train.

    The user's own is left as it is: a run in another folder is linked from there.
    """
    from zoo_core.storage.locations import runs_folder

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ZOO_HOME", raising=False)
        own = runs_folder()
        patch.setenv("ZOO_HOME", str(session_folder / "home"))
        yield
    ours = str(tmp_path_factory.getbasetemp())
    links = [entry for entry in own.iterdir() if entry.is_symlink()] if own.is_dir() else []
    left = [link.name for link in links if str(link.readlink()).startswith(ours)]
    assert not left, f"tests have left links to their runs in {own}: {left}"


@pytest.fixture(autouse=True)
def isolation(monkeypatch: pytest.MonkeyPatch, session_folder: Path) -> Path:
    """Sets an empty ``ZOO_HOME``, a Hub that cannot be reached and one thread for torch."""
    home = Path(mkdtemp(prefix="home-", dir=session_folder))
    monkeypatch.setenv("ZOO_HOME", str(home))
    monkeypatch.setenv("MPLCONFIGDIR", str(session_folder / "matplotlib"))
    monkeypatch.setenv("TRACKIO_DIR", str(session_folder / "trackio"))
    for name, value in (DEAD_HUB | ONE_THREAD).items():
        monkeypatch.setenv(name, value)
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    return home


@pytest.fixture(autouse=True)
def one_curve(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives the runs of a test the same picture, whose drawing takes longer than most trainings.

    The runs of session fixtures, and those of processes of their own, have their own.
    """
    if module := sys.modules.get("zoo_core.runtime.checkpoints.checkpoint"):
        curve = request.getfixturevalue("short_curve")
        monkeypatch.setattr(module, "training_curve", lambda *arguments: curve)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The installed plugins and what they contribute."""
    return load_catalog()


@pytest.fixture(scope="session")
def short_curve() -> bytes:
    """The curve of a short run, which ``one_curve`` gives every run.

    It takes no other fixture, because a module may have its own of the same name.
    """
    from zoo_core.recipes.resolve import resolve_run
    from zoo_core.runtime.plots.training_curve import training_curve

    metrics = {split: {"loss": 0.5, "accuracy": 0.5} for split in ("train", "validation")}
    history = [{"epoch": epoch, "metrics": metrics} for epoch in (1, 2, 3)]
    return training_curve(history, resolve_run(load_catalog(), "lstm-embed").run_config({}))


@pytest.fixture(scope="session")
def hello_once(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of ``lstm-embed.hello``, which tests must not change."""
    from zoo_core import train

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_HOME", str(tmp_path_factory.mktemp("hello-home")))
        return train(
            "lstm-embed.hello", tmp_path_factory.mktemp("once") / "hello", threads=1
        ).folder


@pytest.fixture
def hello(hello_once: Path, tmp_path: Path) -> Path:
    """A copy of ``hello_once``, which tests may change."""
    return shutil.copytree(hello_once, tmp_path / "hello")


@pytest.fixture(scope="session")
def compiler() -> None:
    """Imports torch's compiler, which ``DistributedDataParallel`` does: once, not in each fork."""
    import torch._dynamo  # noqa: F401  # for what it leaves imported


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Headless Chromium; ``tests.browser.open_page`` opens a page in it."""
    from tests.browser import start_chromium

    with start_chromium() as browser:
        yield browser
