"""Responses: JSON, errors, and events that the server sends."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any, final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from zoo_serve.errors import ApiError

DONE = b"data: [DONE]\n\n"
"""The end of a stream."""


def to_bytes(value: object) -> bytes:
    """Returns a value as JSON in UTF-8; half a surrogate pair, which has no UTF-8, becomes ``?``.

    Raises:
        ApiError: A number is infinite or not a number.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        raise ApiError(500, "the answer is not finite; train the model again") from None
    return text.encode("utf-8", "replace")


def json_response(value: object, status: int = 200) -> Response:
    """Returns a JSON response."""
    return Response(to_bytes(value), status, media_type="application/json")


def error_response(error: ApiError) -> Response:
    """Returns the response to a request that failed."""
    response = json_response(error.to_json(), error.status)
    response.headers.update(error.headers)
    return response


@final
class EventStream(Response):
    """Sends events as they come: server-sent events, each a JSON object, then ``[DONE]``.

    Args:
        events: The objects. It ends early if the client has left.
        close: Called at the end, however it comes.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[Any], close: Callable[[], None]) -> None:
        super().__init__(headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._events = events
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the response."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        try:
            await send(start)
            async for event in self._events:
                data = b"data: " + to_bytes(event) + b"\n\n"
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": DONE, "more_body": False})
        finally:
            self._close()
