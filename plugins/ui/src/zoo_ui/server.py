"""The server of the page, in a thread of its own: the main thread waits for Ctrl+C."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from zoo_core.errors import RefusedError, TargetError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from zoo_ui.page_context import PageContext

DEFAULT_PORT = 7860
"""Taken where the user names no port and no program has it."""
STOP_TIMEOUT = 5.0
"""Seconds."""


def keep_offline() -> None:
    """Turns off what Gradio would tell and ask its makers. It must come before its import."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["GRADIO_SSR_MODE"] = "False"  # it would start Node


def check_host(host: str, port: int | None) -> None:
    """Refuses to serve the page to other machines.

    Raises:
        RefusedError: The address is another one than this machine's own.
    """
    from zoo_ui.loopback import HOST, NAMES

    if host not in NAMES:
        place = f"{HOST}:{port or DEFAULT_PORT}"
        raise RefusedError(
            f"--host {host}: the page is served on this machine alone, because whoever opens it "
            f"can start trainings; from another machine: ssh -L {port or DEFAULT_PORT}:{place} "
            f"THIS-MACHINE, then open http://{place} there"
        )


def listen(port: int | None) -> socket.socket:
    """Returns a socket that listens on a loopback address.

    Args:
        port: The port; 0 for any that is free, None for the default one or else any.

    Raises:
        TargetError: Another program has the port, or it needs other rights.
    """
    from zoo_ui.loopback import HOST

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, DEFAULT_PORT if port is None else port))
    except OSError as error:
        if port is None:
            listener.bind((HOST, 0))
        else:
            listener.close()
            reason = error.strerror or error
            raise TargetError(
                f"cannot listen on port {port}: {reason}; choose another --port, or leave it out"
            ) from None
    listener.listen()
    return listener


@contextlib.contextmanager
def serve(context: PageContext, listener: socket.socket) -> Iterator[Callable[[], object]]:
    """Serves the page inside the context.

    Args:
        context: What the tabs of the page share.
        listener: From ``listen``; it is closed at the end.

    Yields:
        A function that waits until the server ends, which it does by itself only if it fails.
    """
    import uvicorn

    settings = uvicorn.Config(
        make_app(context),
        log_config=None,
        log_level=_log_level(),
        access_log=False,
        timeout_graceful_shutdown=1,  # a page in a browser keeps its connection open
    )
    server, has_ended = uvicorn.Server(settings), threading.Event()

    def run() -> None:
        try:
            server.run(sockets=[listener])
        finally:
            has_ended.set()

    # Only the main thread gets signals, so uvicorn leaves them to the command line.
    threading.Thread(target=run, daemon=True).start()
    try:
        while not (server.started or has_ended.wait(0.01)):
            pass
        yield has_ended.wait
    finally:
        server.should_exit = True
        # not by join: an exception of a signal handler in it would mark the thread as ended
        has_ended.wait(STOP_TIMEOUT)
        listener.close()


def _log_level() -> str:
    """Returns the level of uvicorn's log, which has the traceback of every answer with 500."""
    return "warning" if os.environ.get("ZOO_DEBUG") == "1" else "critical"


def make_app(context: PageContext) -> ASGIApp:
    """Returns the page as a web application.

    Args:
        context: What the tabs of the page share.
    """
    import gradio as gr
    from fastapi import FastAPI

    from zoo_ui.documents import PATH
    from zoo_ui.loopback import LoopbackOnly
    from zoo_ui.page import build_page, style, theme

    app = FastAPI(openapi_url=None)
    app.add_route(f"{PATH}{{name}}", context.documents.respond)
    gr.mount_gradio_app(
        app, build_page(context), path="/", theme=theme(), css=style(), footer_links=[]
    )
    return LoopbackOnly(app)
