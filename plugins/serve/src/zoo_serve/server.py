"""The server: listening, and stopping without losing a request."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import socket
from collections.abc import Callable, Iterator
from types import FrameType
from typing import final

import uvicorn

from zoo_cli.terminal.signals import handle_signals
from zoo_core.errors import Interrupted, RefusedError
from zoo_serve.app import Service
from zoo_serve.guard import AccessRules

BACKLOG = 1024
"""Connections that wait to be accepted."""
KEEP_ALIVE = 75
"""Seconds for which a connection without a request stays open; clients close it sooner."""
QUIET_TICKS = 5
"""Tenths of a second after a signal in which requests on their way still get an answer."""
SEND_GRACE = 10
"""Seconds in which the last answers must be read."""


@final
class StoppingServer(uvicorn.Server):
    """Listens until a signal, then finishes what it has begun.

    After the signal, new requests are answered with 503. When no request is in flight, it closes.
    A second signal ends the process at once.

    Args:
        config: The settings.
        service: Knows the requests in flight.
        on_start: Called when requests are accepted.
        on_signal: Called at the first signal, with the requests in flight.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        service: Service,
        on_start: Callable[[], None],
        on_signal: Callable[[int], None],
    ) -> None:
        super().__init__(config)
        self._service = service
        self._on_start = on_start
        self._on_signal = on_signal
        self._signal: int | None = None
        self._quiet_ticks = 0

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handles the signals of ``zoo`` inside the context.

        Raises:
            Interrupted: There was one.
        """
        with handle_signals(self._record):
            yield
        if self._signal is not None:
            raise Interrupted(self._signal)

    def _record(self, number: int, frame: FrameType | None) -> None:
        if self._signal is not None:
            os._exit(128 + number)
        self._signal = number

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts to listen."""
        await super().startup(sockets)
        self._on_start()

    async def on_tick(self, counter: int) -> bool:
        """Runs ten times a second; returns whether the server closes."""
        should_exit = await super().on_tick(counter)
        if self._signal is None:
            return should_exit
        if not self._service.is_stopping:
            self._service.is_stopping = True
            self._on_signal(self._service.in_flight)
        self._quiet_ticks = 0 if self._service.in_flight else self._quiet_ticks + 1
        return self._quiet_ticks >= QUIET_TICKS


def make_server(
    service: Service,
    rules: AccessRules,
    on_start: Callable[[], None],
    on_signal: Callable[[int], None],
) -> StoppingServer:
    """Returns a server; its log is the zoo's own, and it logs no request."""
    # it warns of every client that leaves while it is sent something
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    config = uvicorn.Config(
        service.application(rules),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",  # not every malformed request of a stranger
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=SEND_GRACE,
    )
    return StoppingServer(config, service, on_start, on_signal)


def find_address(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int], bool]:
    """Returns the family and address that a host means, and whether it is this machine alone.

    Raises:
        RefusedError: No address has this name.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "not a host name"
        raise RefusedError(f"--host {host}: {reason}; try --host 127.0.0.1") from None
    # localhost has two addresses, and most clients try the one of IPv4
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    is_local = all(ipaddress.ip_address(text).is_loopback for text in addresses)
    return family, (str(address[0]), port), is_local


def listen(family: socket.AddressFamily, address: tuple[str, int]) -> socket.socket:
    """Returns a socket that is bound to an address; it accepts connections later.

    Raises:
        RefusedError: The port is in use, or may not be used.
    """
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        host, port = address
        raise RefusedError(
            f"cannot listen on {host}, port {port}: {error.strerror}; choose another --port, or "
            "--port 0 for a free one"
        ) from None
    return listener


def url_of(host: str, listener: socket.socket) -> str:
    """Returns the URL of a server."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"
