"""Bytes from a web server into a file that grows, so that an interrupted transfer goes on."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, final
from urllib.parse import urlsplit

from zoo_core.errors import IntegrityError, NetworkError

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from urllib.request import OpenerDirector

Listener: TypeAlias = Callable[[int, int], None]
"""Told how many bytes are there, and of how many."""

SCHEMES = ("http", "https")
CHUNK = 1 << 16
TIMEOUT = 15.0
"""Seconds that a server may keep silent."""
ATTEMPTS = 4
PAUSE = 0.2
"""Seconds, doubled with each attempt."""
SLOWEST = 10_000
"""Bytes per second below which a transfer is given up, after a minute's grace."""


def transfer(
    url: str,
    part: Path,
    size: int,
    listen: Listener,
    headers: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
) -> None:
    """Brings a file of a known size to that size, from where it stands.

    Resets, silence, 429 and 5xx are tried again, each time after a longer pause.

    Args:
        url: http or https.
        part: The file that grows.
        size: Bytes it shall have.
        listen: Told of the progress.
        headers: Sent along; ``Authorization`` to this server alone, not where it redirects to.
        timeout: Seconds that the server may keep silent.

    Raises:
        IntegrityError: The server sends more than expected.
        NetworkError: The server cannot be reached, refuses, or sends less than expected.
        OSError: The file cannot be written.
    """
    if urlsplit(url).scheme not in SCHEMES:
        raise NetworkError(f"{url}: neither http nor https")
    asked = Asked(url, headers or {}, timeout)
    deadline = time.monotonic() + 60 + size / SLOWEST
    for attempt in range(1, ATTEMPTS + 1):
        before = _length(part)
        try:
            _go_on(asked, part, size, listen, deadline)
            return
        except _Trouble as trouble:
            if trouble.beyond:  # the server has less than lies here, which is then not its file
                part.unlink(missing_ok=True)
            final = attempt == ATTEMPTS and _length(part) <= before
            pause = max(PAUSE * 2**attempt, trouble.wait)
            if final or not trouble.passing or time.monotonic() + pause > deadline:
                raise NetworkError(f"{asked.place}: {trouble}") from None
        time.sleep(pause)
    raise NetworkError(
        f"{asked.place}: broke off {ATTEMPTS} times at {_length(part):,} of {size:,} bytes"
    )


class _Trouble(Exception):
    """What the network did wrong, told apart from what the file system does.

    Args:
        reason: In a few words.
        passing: Whether trying again may help: not with a refusal, and not without a network.
        beyond: Whether more was asked for than the server has.
        wait: Seconds that the server asks to wait.
    """

    def __init__(
        self, reason: str, *, passing: bool, beyond: bool = False, wait: float = 0.0
    ) -> None:
        super().__init__(reason)
        self.passing, self.beyond, self.wait = passing, beyond, wait


@final
class Asked(NamedTuple):
    """What is asked of a server."""

    url: str
    headers: Mapping[str, str]
    timeout: float

    @property
    def place(self) -> str:
        """The address without what may be a signature, which is a secret."""
        return self.url.partition("?")[0]


def _go_on(asked: Asked, part: Path, size: int, listen: Listener, deadline: float) -> None:
    have = _length(part)
    if have >= size:
        return
    with _answer(asked, have) as response:
        resumed = response.status == 206 and _starts_at(response, have)
        with part.open("ab" if resumed else "wb") as file:
            done = have if resumed else 0
            for chunk in _chunks(response, deadline):
                done += len(chunk)
                if done > size:
                    raise IntegrityError(
                        f"{asked.place}: sends more than the {size:,} bytes that are pinned"
                    )
                file.write(chunk)
                listen(done, size)
            file.flush()
            os.fsync(file.fileno())
    if done < size:
        raise _Trouble(f"broke off at {done:,} of {size:,} bytes", passing=True)


def _answer(asked: Asked, have: int) -> HTTPResponse:
    from urllib.request import Request

    headers = dict(asked.headers) | ({"Range": f"bytes={have}-"} if have else {})
    with _network():
        request = Request(asked.url, headers=headers)
        response: HTTPResponse = _opener().open(request, None, asked.timeout)
    return response


def _opener() -> OpenerDirector:
    """Follows redirects on the web, and tells a token to the server it was meant for alone."""
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class Redirects(HTTPRedirectHandler):
        def redirect_request(self, *arguments: Any) -> Request | None:
            following = super().redirect_request(*arguments)
            if following is None:
                return None
            target = urlsplit(following.full_url)
            if target.scheme not in SCHEMES:
                arguments[1].close()
                raise _Trouble(f"redirects to {target.scheme}", passing=False)
            if target[:2] != urlsplit(arguments[0].full_url)[:2]:
                following.remove_header("Authorization")
            return following

    return build_opener(Redirects)


def _chunks(response: HTTPResponse, deadline: float) -> Iterator[bytes]:
    """What comes, as it comes: a server that sends a byte now and then outlives no deadline."""
    left = response.length  # None: until the server closes
    while left is None or left > 0:
        with _network():
            chunk = response.read1(CHUNK if left is None else min(CHUNK, left))
        if not chunk:
            return
        left = None if left is None else left - len(chunk)
        yield chunk
        if time.monotonic() > deadline:
            raise _Trouble("too slow", passing=True)


@contextlib.contextmanager
def _network() -> Iterator[None]:
    """Turns what the network does wrong into trouble.

    Raises:
        _Trouble: It did.
    """
    from http.client import HTTPException, IncompleteRead
    from urllib.error import HTTPError, URLError

    try:
        yield
    except HTTPError as error:
        error.close()
        passing = error.code in (416, 429) or error.code >= 500
        said = f"HTTP {error.code} {error.reason}"
        wait = seconds(error.headers.get("Retry-After"))
        raise _Trouble(said, passing=passing, beyond=error.code == 416, wait=wait) from None
    except (OSError, HTTPException) as error:
        cause = error.reason if isinstance(error, URLError) else error
        passing = isinstance(cause, ConnectionResetError | TimeoutError | IncompleteRead)
        raise _Trouble(str(cause).strip() or type(cause).__name__, passing=passing) from None


def seconds(said: str | None) -> float:
    """What a Retry-After asks for; 0 for none, and for a date."""
    return float(said) if said and said.isdecimal() else 0.0


def _starts_at(response: Any, offset: int) -> bool:
    return str(response.headers.get("Content-Range", "")).startswith(f"bytes {offset}-")


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
