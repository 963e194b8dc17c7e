"""A web server on loopback that serves one file, and may misbehave."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import final


@final
class Mirror(ThreadingHTTPServer):
    """Serves some bytes at every address.

    Attributes:
        content: What it serves.
        ranges: Whether it knows Range.
        statuses: Answers to give first, instead of the content.
        raw: Said in the place of an answer, byte for byte.
        pause: Seconds between two bytes of content.
        breaks: After how many bytes to break off, for so many requests to come.
        requests: The Range header of every request, empty where there was none.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content, self.ranges = content, True
        self.statuses: list[int] = []
        self.raw = b""
        self.pause = 0.0
        self.breaks: list[int] = []
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        """The address of the file."""
        return f"http://127.0.0.1:{self.server_address[1]}/file"


@contextmanager
def mirror(content: bytes) -> Iterator[Mirror]:
    """A mirror that runs while inside."""
    with Mirror(content) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        """Answers as the mirror is told to."""
        mirror, expected = self.server, self.headers.get("Range", "")
        mirror.requests.append(expected)
        if mirror.raw:
            self.wfile.write(mirror.raw)
            return
        if mirror.statuses:
            self.send_error(mirror.statuses.pop(0))
            return
        start = (
            int(expected.removeprefix("bytes=").rstrip("-")) if expected and mirror.ranges else 0
        )
        body = mirror.content[start:]
        self.send_response(206 if start else 200)
        if start:
            total = len(mirror.content)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if mirror.pause:
            self._drip(body)
            return
        self.wfile.write(body[: mirror.breaks.pop(0)] if mirror.breaks else body)

    def _drip(self, body: bytes) -> None:
        with contextlib.suppress(OSError):
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(self.server.pause)

    def log_message(self, format: str, *args: object) -> None:
        """Keeps silent."""
