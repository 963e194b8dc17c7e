"""Pages that the page shows in frames: reports and inspections, each at an address of its own."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from typing import final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

PATH = "/documents/"
MAX_DOCUMENTS = 8
"""Pages that are kept; older ones are dropped."""


@final
class Documents:
    """The pages that were made last."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()  # pages are made in threads

    def add(self, page: str) -> str:
        """Keeps a page; returns its address, which cannot be guessed."""
        name = secrets.token_urlsafe()
        with self._lock:
            self._pages[name] = page
            while len(self._pages) > MAX_DOCUMENTS:
                self._pages.popitem(last=False)
        return f"{PATH}{name}"

    async def respond(self, request: Request) -> Response:
        """Answers a request for one of them."""
        page = self._pages.get(request.path_params["name"])
        if page is None:
            return HTMLResponse("<!doctype html><p>This page is gone: make it again.", 404)
        return HTMLResponse(page)
