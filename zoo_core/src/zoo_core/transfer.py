"""Bytes from a web server into a file that grows, so that an interrupted transfer goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from zoo_core.errors import NetworkError

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

Listener: TypeAlias = Callable[[int, int], None]
"""Told how many bytes are there, and of how many."""

CHUNK = 1 << 16
TIMEOUT = 20.0
"""Seconds that a server may keep silent."""
ATTEMPTS = 4
PAUSE = 0.2
"""Seconds, doubled with each attempt."""
SLOWEST = 10_000
"""Bytes per second below which a transfer is given up, after a minute's grace."""


def transfer(
    url: str, part: Path, size: int, listen: Listener, headers: Mapping[str, str] | None = None
) -> None:
    """Brings a file of a known size to that size, from where it stands.

    Resets, silence, 429 and 5xx are tried again, each time after a longer pause.

    Args:
        url: http or https.
        part: The file that grows.
        size: Bytes it shall have.
        listen: Told of the progress.
        headers: Sent along; ``Authorization`` to this server alone, not where it redirects to.

    Raises:
        NetworkError: The server cannot be reached, refuses, or sends more or less than wanted.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise NetworkError(f"{url}: neither http nor https")
    deadline = time.monotonic() + 60 + size / SLOWEST
    for attempt in range(1, ATTEMPTS + 1):
        before = _length(part)
        try:
            _go_on(url, part, size, listen, deadline, headers or {})
            return
        except (OSError, _Incomplete) as error:
            final = attempt == ATTEMPTS and _length(part) <= before
            if final or not _passing(error) or time.monotonic() > deadline:
                raise NetworkError(f"{url}: {_reason(error)}") from None
        time.sleep(PAUSE * 2**attempt)
    raise NetworkError(f"{url}: broke off {ATTEMPTS} times at {_length(part):,} of {size:,} bytes")


class _Incomplete(Exception):
    """The server closed before the end."""


def _go_on(
    url: str, part: Path, size: int, listen: Listener, deadline: float, headers: Mapping[str, str]
) -> None:
    from urllib.request import Request

    have = _length(part)
    if have >= size:
        return
    asked = {"Range": f"bytes={have}-"} if have else {}
    with _opener().open(Request(url, headers={**headers, **asked}), timeout=TIMEOUT) as response:
        resumed = response.status == 206 and _starts_at(response, have)
        with part.open("ab" if resumed else "wb") as file:
            done = have if resumed else 0
            for chunk in _chunks(response, deadline):
                done += len(chunk)
                if done > size:
                    raise NetworkError(f"{url}: sends more than the {size:,} bytes that are pinned")
                file.write(chunk)
                listen(done, size)
    if done < size:
        raise _Incomplete(f"broke off at {done:,} of {size:,} bytes")


def _opener() -> OpenerDirector:
    """Follows redirects, and tells a token to nobody but the server that it was meant for."""
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class Redirects(HTTPRedirectHandler):
        def redirect_request(self, *arguments: Any) -> Request | None:
            following = super().redirect_request(*arguments)
            if (
                following
                and urlsplit(following.full_url)[:2] != urlsplit(arguments[0].full_url)[:2]
            ):
                following.remove_header("Authorization")
            return following

    return build_opener(Redirects)


def _chunks(response: IO[bytes], deadline: float) -> Iterator[bytes]:
    from http.client import HTTPException

    try:
        while chunk := response.read(CHUNK):
            yield chunk
            if time.monotonic() > deadline:
                raise TimeoutError("too slow")
    except HTTPException as error:
        raise _Incomplete(str(error)) from None


def _starts_at(response: Any, offset: int) -> bool:
    return str(response.headers.get("Content-Range", "")).startswith(f"bytes {offset}-")


def _passing(error: Exception) -> bool:
    """Whether trying again may help: not with a refusal, and not without a network."""
    from urllib.error import HTTPError, URLError

    if isinstance(error, HTTPError):
        return error.code == 429 or error.code >= 500
    cause = error.reason if isinstance(error, URLError) else error
    return isinstance(cause, _Incomplete | ConnectionResetError | TimeoutError)


def _reason(error: Exception) -> str:
    from urllib.error import HTTPError, URLError

    if isinstance(error, HTTPError):
        return f"HTTP {error.code} {error.reason}"
    return str(error.reason if isinstance(error, URLError) else error) or type(error).__name__


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
