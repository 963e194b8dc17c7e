"""Fixtures of the format ``web``: the package of npm, one exported page, the page in Chromium."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any, final

import pytest

from tests.cli.conftest import zoo

__all__ = ["zoo"]
MODEL = "gru-embed.python-docs"


@pytest.fixture(scope="session")
def operators_once() -> Iterator[None]:
    """Keeps the operators of ONNX, whose sources torch would read anew in every export."""
    lazily: Any = import_module("torch.onnx._internal._lazy_import")
    with pytest.MonkeyPatch.context() as patch:
        apis = lazily.onnxscript_apis
        patch.setattr(apis, "get_torchlib_ops", cache(apis.get_torchlib_ops))
        yield


@pytest.fixture(scope="session")
def web_runtime() -> Path:
    """The package onnxruntime-web; skips the test where nobody has downloaded it."""
    from zoo_core.storage.locations import data_folder
    from zoo_onnx.web.runtime import PACKAGE

    path = Path(os.environ.get("ONNXRUNTIME_WEB") or data_folder() / PACKAGE.name)
    if not path.is_file():
        pytest.skip(f"no {PACKAGE.name} here: export a page once, or set ONNXRUNTIME_WEB")
    return path


@pytest.fixture(scope="session")
def web_folder(
    operators_once: None, web_runtime: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A language model over characters as a page."""
    from zoo_core import export

    folder = tmp_path_factory.mktemp("web") / "page"
    export(MODEL, folder, format="web", runtime=web_runtime)
    return folder


@final
class QuietHandler(SimpleHTTPRequestHandler):
    """A static host that logs nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """Logs nothing."""


@pytest.fixture(scope="session")
def web_address(web_folder: Path) -> Iterator[str]:
    """The address of the page on a static host."""
    handler = partial(QuietHandler, directory=str(web_folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()
