"""A web server on loopback that serves one file and can misbehave."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import final


@final
class FileServer(ThreadingHTTPServer):
    """Serves the same bytes at every address.

    Attributes:
        content: The bytes.
        ranges: Whether it supports Range.
        statuses: The statuses of the first answers, which have no content.
        raw: Sent in the place of every answer, byte for byte.
        pause: Seconds between two bytes of the content.
        breaks: The number of bytes after which each of the first answers breaks off.
        requests: The Range header of every request, empty if there was none.
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
def file_server(content: bytes) -> Iterator[FileServer]:
    """Runs a file server inside."""
    with FileServer(content) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        """Answers as the attributes of the server say."""
        server, byte_range = self.server, self.headers.get("Range", "")
        server.requests.append(byte_range)
        if server.raw:
            self.wfile.write(server.raw)
            return
        if server.statuses:
            self.send_error(server.statuses.pop(0))
            return
        start = 0
        if byte_range and server.ranges:
            start = int(byte_range.removeprefix("bytes=").rstrip("-"))
        body = server.content[start:]
        self.send_response(206 if start else 200)
        if start:
            total = len(server.content)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if server.pause:
            self._send_slowly(body)
            return
        self.wfile.write(body[: server.breaks.pop(0)] if server.breaks else body)

    def _send_slowly(self, body: bytes) -> None:
        with contextlib.suppress(OSError):
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(self.server.pause)

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing."""
