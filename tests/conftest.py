"""What every test stands on: a home of its own, no network, one thread, the installed catalog."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import mkdtemp

import pytest

from zoo_core.plugins.catalog import Catalog, load_catalog

DEAD_HUB = {"HF_HUB_OFFLINE": "1", "HF_ENDPOINT": "http://127.0.0.1:9"}
os.environ |= DEAD_HUB  # its library looks once, when it is imported
UNSET = ("ZOO_PLUGINS", "ZOO_REGISTRY", "ZOO_DEBUG", "NO_COLOR", "HF_TOKEN")


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where every test's home lies, and what matplotlib finds out once."""
    return tmp_path_factory.mktemp("session")


@pytest.fixture(autouse=True)
def isolation(monkeypatch: pytest.MonkeyPatch, session_folder: Path) -> Path:
    """A fresh ``ZOO_HOME``, a Hub out of reach and, where torch is there, one thread."""
    home = Path(mkdtemp(prefix="home-", dir=session_folder))
    monkeypatch.setenv("ZOO_HOME", str(home))
    monkeypatch.setenv("MPLCONFIGDIR", str(session_folder / "matplotlib"))
    for name, value in DEAD_HUB.items():
        monkeypatch.setenv(name, value)
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    return home


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """What is installed."""
    return load_catalog()
