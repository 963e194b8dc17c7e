"""What keeps the page on this machine: who may ask for it, and what it may ask for."""

from __future__ import annotations

import re
from typing import final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
"""Names of this machine under which the page answers."""
POLICY = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
"""The content security policy: a browser loads and sends nothing beyond this server. Gradio needs
inline scripts, and its charts compile expressions."""
REMOTE = re.compile(
    rb"<script\b[^>]*\bsrc=\"https?://[^>]*></script>|<link\b[^>]*\bhref=\"https?://[^>]*>"
)
"""Scripts and style sheets of other servers in Gradio's page: a frame resizer and fonts."""


@final
class LoopbackOnly:
    """Refuses requests that come from pages of other sites, and keeps the page from asking others.

    A site whose name is made to lead to this machine sends its own name as host, and a page of
    another site its own origin. The port may be another one, of a tunnel to this machine.

    Args:
        app: The page.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or hands it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if host.partition(":")[0] not in NAMES or (origin and origin != f"http://{host}"):
            refusal = PlainTextResponse("open the page at its own address\n", 403)
            await refusal(scope, receive, send)
            return
        if scope["path"] == "/":
            await _LocalPage(send).answer(self._app, scope, receive)
        else:
            await self._app(scope, receive, _with_policy(send))


def _with_policy(send: Send) -> Send:
    async def send_with_policy(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["content-security-policy"] = POLICY
        await send(message)

    return send_with_policy


@final
class _LocalPage:
    """Takes the scripts and style sheets of other servers out of Gradio's page.

    Args:
        send: Sends the page.
    """

    def __init__(self, send: Send) -> None:
        self._send = _with_policy(send)
        self._start: Message = {}
        self._parts: list[bytes] = []

    async def answer(self, app: ASGIApp, scope: Scope, receive: Receive) -> None:
        """Answers a request for the page."""
        headers = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        await app(dict(scope, headers=headers), receive, self._collect)

    async def _collect(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._parts.append(message.get("body", b""))
        if message.get("more_body"):
            return
        body = REMOTE.sub(b"", b"".join(self._parts))
        MutableHeaders(scope=self._start)["content-length"] = str(len(body))
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": body})
