"""What can go wrong before ``zoo serve`` accepts requests."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.cli.command import Zoo
from tests.faults.conftest import Met
from tests.faults.fault import case, fault

MODEL = "lstm-embed.python-docs"


@pytest.fixture
def used_port() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.full
@pytest.mark.parametrize(
    "host",
    [
        case(
            (
                150,
                "an address that other machines reach, without a token",
                "Error: --host 0.0.0.0 is an address that other machines can reach: it needs a "
                "token; set ZOO_SERVE_TOKEN, or --token",
                6,
                "nothing",
            ),
            "0.0.0.0",
        ),
        case(
            (
                150,
                "a host name that cannot be one",
                "Error: --host …: not a host name; try --host 127.0.0.1",
                6,
                "nothing",
            ),
            "x" * 64,
        ),
    ],
)
def test_a_host_is_refused(zoo: Zoo, met: Met, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZOO_SERVE_TOKEN", raising=False)
    met(zoo("serve", MODEL, "--host", host))


@pytest.mark.full
@fault(
    151,
    "an address of another machine",
    says="Error: cannot listen on 203.0.113.1, port …: Cannot assign requested address; choose …",
    code=6,
    left="nothing",
)
def test_an_address_of_another_machine_is_refused(zoo: Zoo, met: Met) -> None:
    met(zoo("serve", MODEL, "--host", "203.0.113.1", "--token", "secret", "--port", 0))


@pytest.mark.full
@fault(
    151,
    "a port that is in use",
    says="Error: cannot listen on 127.0.0.1, port …: Address already in use; choose another "
    "--port, or --port 0 for a free one",
    code=6,
    left="nothing",
)
def test_a_port_in_use_is_refused(zoo: Zoo, met: Met, used_port: int) -> None:
    met(zoo("serve", MODEL, "--port", used_port))


@pytest.mark.full
@fault(
    152,
    "a token that no header can hold",
    says="Error: the token has characters other than letters, digits and signs",
    code=2,
    left="nothing",
)
def test_a_token_that_no_header_can_hold_is_refused(zoo: Zoo, met: Met) -> None:
    met(zoo("serve", MODEL, "--token", "two words"))


@fault(
    153,
    "serve without its plugin",
    says="Error: zoo serve comes with zoo-serve: …",
    code=7,
    left="nothing",
)
def test_serve_without_its_plugin_is_named(
    zoo: Zoo, met: Met, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-lstm")
    met(zoo("serve", MODEL))
