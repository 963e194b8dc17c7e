"""A server in a process of its own, and a client that sends exactly what a test says."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple, final

from tests.cli.command import PROGRAM

WAIT = 60.0
"""Seconds after which a server that does not answer fails its test."""


class Answer(NamedTuple):
    """What a server answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The error of OpenAI's form."""
        found: dict[str, Any] = self.json["error"]
        return found

    @property
    def events(self) -> list[Any]:
        """The events of a stream, the last one as text."""
        *events, done = [
            line.removeprefix("data: ") for line in self.body.decode().split("\n\n") if line
        ]
        return [*map(json.loads, events), done]


@final
class Served:
    """A server that runs.

    Args:
        process: Its process.
        url: Its URL.
    """

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url
        self.port = int(url.rpartition(":")[2])

    def connect(self) -> http.client.HTTPConnection:
        """Returns a new connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)

    def ask(
        self,
        path: str,
        body: object = None,
        *,
        method: str = "",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Sends a request on a connection of its own; a body is sent as JSON unless it is bytes."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} if data is not None else {}
        with contextlib.closing(self.connect()) as connection:
            connection.request(
                method or ("GET" if data is None else "POST"), path, data, sent | (headers or {})
            )
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())

    def complete(self, **fields: Any) -> Answer:
        """Asks for a completion."""
        return self.ask("/v1/completions", fields)

    def send(self, **fields: Any) -> http.client.HTTPConnection:
        """Asks for a completion, and returns the connection without reading the answer."""
        connection = self.connect()
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/v1/completions", json.dumps(fields), headers)
        return connection

    @contextlib.contextmanager
    def open(self, **fields: Any) -> Iterator[http.client.HTTPResponse]:
        """Asks for a completion; the client leaves at the end of the context."""
        with contextlib.closing(self.send(**fields)) as connection:
            yield connection.getresponse()

    def wait_until_idle(self) -> None:
        """Waits until nothing is computed any more."""
        end, health = time.monotonic() + WAIT, None
        while time.monotonic() < end:
            health = self.ask("/health").json
            if not (health["requests"] or health["texts"] or health["calls"]):
                return
            time.sleep(0.02)
        raise AssertionError(f"still at work: {health}")


def start(*arguments: object, **variables: str) -> subprocess.Popen[str]:
    """Starts ``zoo serve``."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | variables,
    )


@contextlib.contextmanager
def serving(*arguments: object, **variables: str) -> Iterator[Served]:
    """Starts ``zoo serve`` on a free port, and ends it."""
    process = start(*arguments, "--port", 0, **variables)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, process.communicate(timeout=WAIT)[1]
        yield Served(process, url)
    finally:
        process.kill()
        process.communicate()
