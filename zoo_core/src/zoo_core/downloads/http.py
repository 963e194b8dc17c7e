"""Transfers over HTTP into a file that grows, so that an interrupted transfer resumes."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, final
from urllib.parse import urlsplit

from zoo_core.downloads.progress import ProgressCallback
from zoo_core.downloads.retry import call_with_retry, parse_retry_after
from zoo_core.errors import IntegrityError, NetworkError

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from urllib.request import OpenerDirector

SCHEMES = ("http", "https")
CHUNK = 1 << 16
TIMEOUT = 15.0
"""Seconds that a server may stay silent."""
GRACE_PERIOD = 60.0
"""Seconds that a transfer of any size may take."""
MIN_BYTES_PER_SECOND = 10_000
"""The rate below which a transfer is given up once the grace period is over."""


def transfer(
    url: str,
    part: Path,
    size: int,
    progress: ProgressCallback,
    headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> None:
    """Downloads the rest of a file of a known size.

    Resets, timeouts, 429 and 5xx are retried.

    Args:
        url: An http or https address.
        part: The file that grows; what it holds already is not downloaded again.
        size: The size of the whole file in bytes.
        progress: Called after every chunk.
        headers: Request headers. ``Authorization`` is not sent on to other hosts.
        timeout: Seconds that the server may stay silent; by default ``TIMEOUT``.

    Raises:
        IntegrityError: The server sends more than expected.
        NetworkError: The server cannot be reached, refuses, or sends less than expected.
        OSError: The file cannot be written.
    """
    if urlsplit(url).scheme not in SCHEMES:
        raise NetworkError(f"{url}: neither http nor https")
    source = _Source(url, headers or {}, TIMEOUT if timeout is None else timeout)
    deadline = time.monotonic() + GRACE_PERIOD + size / MIN_BYTES_PER_SECOND
    try:
        call_with_retry(
            lambda: _resume(source, part, size, progress, deadline),
            is_retryable=lambda error: isinstance(error, _TransferError) and error.retryable,
            retry_after=lambda error: error.retry_after if isinstance(error, _TransferError) else 0,
            deadline=deadline,
        )
    except _TransferError as error:
        raise NetworkError(f"{source.address}: {error}") from None


class _TransferError(Exception):
    """A failure of the network, as opposed to one of the file system.

    Args:
        reason: What happened.
        retryable: Whether another attempt may succeed.
        retry_after: Seconds that the server asks to wait.
    """

    def __init__(self, reason: str, *, retryable: bool, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retryable, self.retry_after = retryable, retry_after


@final
class _Source(NamedTuple):
    """Where a file comes from, and how it is asked for."""

    url: str
    headers: Mapping[str, str]
    timeout: float

    @property
    def address(self) -> str:
        """The address without its query, which may hold a signature: a secret."""
        return self.url.partition("?")[0]


def _resume(
    source: _Source, part: Path, size: int, progress: ProgressCallback, deadline: float
) -> None:
    """Makes one request for the bytes that are missing, and appends them."""
    offset = part.stat().st_size if part.exists() else 0
    if offset >= size:
        return
    with _open(source, part, offset) as response:
        resumes = response.status == 206 and _begins_at(response, offset)
        with part.open("ab" if resumes else "wb") as file:
            done = offset if resumes else 0
            for chunk in _read_chunks(response, deadline):
                done += len(chunk)
                if done > size:
                    raise IntegrityError(
                        f"{source.address}: sends more than the {size:,} bytes that are pinned"
                    )
                file.write(chunk)
                progress(done, size)
            file.flush()
            os.fsync(file.fileno())
    if done < size:
        raise _TransferError(f"broke off at {done:,} of {size:,} bytes", retryable=True)


def _open(source: _Source, part: Path, offset: int) -> HTTPResponse:
    """The response to a request for the bytes from an offset on."""
    from urllib.error import HTTPError
    from urllib.request import Request

    byte_range = {"Range": f"bytes={offset}-"} if offset else {}
    with _network_errors():
        request = Request(source.url, headers={**source.headers, **byte_range})
        try:
            response: HTTPResponse = _build_opener().open(request, None, source.timeout)
        except HTTPError as error:
            if (
                error.code == 416
            ):  # the server has fewer bytes than the part, so it is a part of another file
                part.unlink(missing_ok=True)
            raise
    return response


def _build_opener() -> OpenerDirector:
    """An opener that follows redirects to http and https, and keeps a token from other hosts."""
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class RedirectHandler(HTTPRedirectHandler):
        def redirect_request(self, *arguments: Any) -> Request | None:
            request = super().redirect_request(*arguments)
            if request is None:
                return None
            target = urlsplit(request.full_url)
            if target.scheme not in SCHEMES:
                arguments[1].close()
                raise _TransferError(f"redirects to {target.scheme}", retryable=False)
            if target[:2] != urlsplit(arguments[0].full_url)[:2]:
                request.remove_header("Authorization")
            return request

    return build_opener(RedirectHandler)


def _read_chunks(response: HTTPResponse, deadline: float) -> Iterator[bytes]:
    """The content as it arrives; the deadline stops a server that sends a byte now and then."""
    left = response.length  # None: until the server closes the connection
    while left is None or left > 0:
        with _network_errors():
            chunk = response.read1(CHUNK if left is None else min(CHUNK, left))
        if not chunk:
            return
        left = None if left is None else left - len(chunk)
        yield chunk
        if time.monotonic() > deadline:
            raise _TransferError("too slow", retryable=True)


@contextlib.contextmanager
def _network_errors() -> Iterator[None]:
    """Turns errors of the network into one kind.

    Raises:
        _TransferError: The network or the server failed inside.
    """
    from http.client import HTTPException, IncompleteRead
    from urllib.error import HTTPError, URLError

    try:
        yield
    except HTTPError as error:
        error.close()
        raise _TransferError(
            f"HTTP {error.code} {error.reason}",
            retryable=error.code in (416, 429) or error.code >= 500,
            retry_after=parse_retry_after(error.headers.get("Retry-After")),
        ) from None
    except (OSError, HTTPException) as error:
        cause = error.reason if isinstance(error, URLError) else error
        retryable = isinstance(cause, ConnectionResetError | TimeoutError | IncompleteRead)
        reason = str(cause).strip() or type(cause).__name__
        raise _TransferError(reason, retryable=retryable) from None


def _begins_at(response: Any, offset: int) -> bool:
    return str(response.headers.get("Content-Range", "")).startswith(f"bytes {offset}-")
