"""What the guard refuses by itself."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from tests.coroutines import run_coroutine

pytest.importorskip("zoo_serve")
pytestmark = pytest.mark.full


def test_a_client_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    from zoo_serve import guard

    monkeypatch.setattr(guard, "SEND_SECONDS", 0.01)
    ended = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        finally:
            ended.append(True)

    async def never(message: Any) -> None:
        await asyncio.Event().wait()

    scope: Any = {"type": "http", "path": "/health", "headers": [(b"host", b"localhost")]}
    rules = guard.access_rules("", True, "127.0.0.1", [])
    run_coroutine(guard.Guard(app, rules)(scope, never, never))  # type: ignore[arg-type]
    assert ended == [True]


@pytest.mark.parametrize(
    ("host", "allowed", "header", "is_allowed"),
    [
        ("127.0.0.1", [], "localhost:8000", True),
        ("::1", [], "[::1]:8000", True),
        ("127.0.0.1", ["models.example"], "models.example", True),
        ("127.0.0.1", ["models.example"], "Models.Example:443", True),
        ("127.0.0.1", [], "127.0.0.1.evil.example", False),
        ("127.0.0.1", [], "localhost.evil.example:8000", False),
        ("127.0.0.1", [], "evil.example:127.0.0.1", False),
    ],
)
def test_only_names_of_the_server_are_allowed(
    host: str, allowed: list[str], header: str, is_allowed: bool
) -> None:
    from starlette.datastructures import Headers

    from zoo_serve.errors import ApiError
    from zoo_serve.guard import access_rules

    rules = access_rules("", True, host, allowed)
    refused = contextlib.nullcontext() if is_allowed else pytest.raises(ApiError, match="the host")
    with refused:
        rules.check("/predict", Headers({"host": header}))


def test_a_server_that_others_reach_has_no_list_of_names_unless_it_is_given() -> None:
    from zoo_serve.guard import access_rules

    assert access_rules("token", False, "0.0.0.0", []).hosts is None
    named = access_rules("token", False, "0.0.0.0", ["models.example"]).hosts
    assert named is not None
    assert "models.example" in named


@pytest.mark.parametrize(
    ("host", "address", "is_local"),
    [
        ("localhost", "127.0.0.1", True),
        ("127.0.0.2", "127.0.0.2", True),
        ("::1", "::1", True),
        ("0.0.0.0", "0.0.0.0", False),
        ("::", "::", False),
        ("192.0.2.1", "192.0.2.1", False),
    ],
)
def test_only_loopback_is_this_machine_alone(host: str, address: str, is_local: bool) -> None:
    from zoo_serve.server import find_address

    _, (found, port), local = find_address(host, 8000)
    assert (found, port, local) == (address, 8000, is_local)
