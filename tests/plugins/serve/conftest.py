"""One server for all tests that need no other one."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.serve.served import WAIT, Served, serving
from zoo_core import train

MAX_REQUESTS = 12
MODEL = "lstm-embed.python-docs"


@pytest.fixture(scope="session")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of series."""
    settings = {"trainer": {"epochs": 1}}
    folder = tmp_path_factory.mktemp("sales") / "sales"
    return train("gru-stacked.sales", folder, settings=settings, threads=1).folder


@pytest.fixture(scope="session")
def served(
    hello_once: Path, sales: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A server of a language model, a labeller and a model of series, with small limits.

    Ctrl+C ends it.
    """
    limits = ["--max-tokens", 2000, "--max-prompt", 300, "--max-body", 20_000]
    limits += ["--max-requests", MAX_REQUESTS]
    home = tmp_path_factory.mktemp("serve-home")
    models = (MODEL, "gru-embed.python-docs", hello_once, sales)
    with serving(*models, *limits, ZOO_HOME=str(home)) as server:
        yield server
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(WAIT) == 130
