"""Who may ask the server of the page, and what the page may ask for."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.coroutines import run_coroutine

pytestmark = pytest.mark.full
OWN = "127.0.0.1:7860"
PAGE = b"""<html><head><link rel="preconnect" href="https://fonts.example" />
<link rel="stylesheet" href="/theme.css"><script src="/app.js"></script>
<script src="https://cdn.example/frame.js" async></script></head></html>"""


class Answer(NamedTuple):
    """What the server answers."""

    status: int
    headers: dict[str, str]
    body: bytes


def _ask(path: str, **headers: str) -> Answer:
    """Asks a page that refers to other servers."""
    from starlette.responses import HTMLResponse

    from zoo_ui.loopback import LoopbackOnly

    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    run_coroutine(LoopbackOnly(HTMLResponse(PAGE))(scope, receive, send))
    start, *parts = messages
    named = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], named, b"".join(part.get("body", b"") for part in parts))


@pytest.mark.parametrize("host", [OWN, "localhost:7860", "localhost:8000", "localhost"])
def test_the_page_answers_to_its_own_name(host: str) -> None:
    assert _ask("/other", host=host).status == 200
    assert _ask("/other", host=host, origin=f"http://{host}").status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example:7860"},  # a name that was made to lead to this machine
        {"host": "127.0.0.1.evil.example"},
        {"host": OWN, "origin": "https://evil.example"},
        {"host": OWN, "origin": "http://127.0.0.1:9000"},  # another server of this machine
        {"host": OWN, "origin": "null"},  # a file, or a frame without an origin
        {},
    ],
    ids=str,
)
def test_a_request_of_another_site_is_refused(headers: dict[str, str]) -> None:
    answer = _ask("/", **headers)
    assert answer.status == 403
    assert b"script" not in answer.body


def test_the_page_asks_no_other_server() -> None:
    answer = _ask("/", host=OWN)
    assert b"//" not in answer.body
    assert b"/theme.css" in answer.body
    assert b"/app.js" in answer.body
    assert answer.headers["content-length"] == str(len(answer.body))


@pytest.mark.parametrize("path", ["/", "/other"])
def test_a_browser_is_told_to_ask_no_other_server(path: str) -> None:
    policy = _ask(path, host=OWN).headers["content-security-policy"]
    assert policy.startswith("default-src 'self'")
    assert "http" not in policy
