"""Who may ask: the check of host, origin and token before every request.

Without a token, anybody who can connect may ask, so the server listens on this machine alone. A
page of the web that is open in a browser on this machine can connect too. It is kept out by the
header Host, which holds the page's own name even where that name leads here (DNS rebinding), and by
the headers Origin and Sec-Fetch-Site, with which browsers mark a request from another page.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zoo_serve.answers import error_response
from zoo_serve.errors import ApiError
from zoo_serve.limits import SEND_SECONDS

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""What a browser or a client on this machine calls it."""
OPEN_PATHS = ("/health",)
"""Paths that need no token: they tell nothing, and those who watch a server have none."""


@final
@dataclass(frozen=True)
class AccessRules:
    """Who may ask.

    Args:
        token: The token; empty if none is required.
        hosts: The names that the header Host may have, without the port; None for any.
    """

    token: str
    hosts: frozenset[str] | None

    def check(self, path: str, headers: Headers) -> None:
        """Checks a request.

        Raises:
            ApiError: It is not allowed.
        """
        host = headers.get("host", "")
        if self.hosts is not None and _name(host) not in self.hosts:
            raise ApiError(
                403,
                f"the host {host!r:.80} is not served here; ask for "
                f"{' or '.join(sorted(self.hosts))}, or start the server with --allow-host",
                code="host_not_allowed",
            )
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if (origin is not None and origin.lower() not in _own_origins(host)) or site not in (
            "none",
            "same-origin",
        ):
            raise ApiError(403, "requests from other pages are refused", code="origin_not_allowed")
        if self.token and path not in OPEN_PATHS:
            self._check_token(headers)

    def _check_token(self, headers: Headers) -> None:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        is_bearer = scheme.lower() == "bearer"
        # compared in a time that does not depend on how many characters are right
        is_right = hmac.compare_digest(given.strip().encode(), self.token.encode())
        if not (is_bearer and is_right):
            raise ApiError(
                401,
                "a token is required, and this one is missing or wrong: "
                "Authorization: Bearer TOKEN",
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )


def access_rules(token: str, is_local: bool, host: str, allowed: Iterable[str]) -> AccessRules:
    """Returns the rules of a server.

    Args:
        token: The token; empty if none is required.
        is_local: Whether the server listens on this machine alone.
        host: The address that it listens on, as it was typed.
        allowed: Further names of the server.
    """
    names = frozenset(name.lower() for name in allowed)
    if not is_local and not names:
        return AccessRules(token, None)
    own = f"[{host}]" if ":" in host else host.lower()
    return AccessRules(token, names | LOCAL_NAMES | {own})


def _name(host: str) -> str:
    """Returns the name of a header Host, without the port."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()


def _own_origins(host: str) -> tuple[str, str]:
    return f"http://{host.lower()}", f"https://{host.lower()}"


@final
class Guard:
    """Refuses requests that are not allowed, and clients that do not read their answer.

    Args:
        app: The application behind it.
        rules: Who may ask.
    """

    def __init__(self, app: ASGIApp, rules: AccessRules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes an allowed request on."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(SEND_SECONDS):
                await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._rules.check(scope["path"], Headers(scope=scope))
        except ApiError as error:
            await error_response(error)(scope, receive, send_in_time)
            return
        with contextlib.suppress(TimeoutError):  # of a client that does not read: it is cut off
            await self._app(scope, receive, send_in_time)
