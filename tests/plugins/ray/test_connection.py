"""The address of a cluster, checked before Ray is asked."""

from __future__ import annotations

import os
import socket
import sys
from types import SimpleNamespace

import pytest

from zoo_core.errors import NetworkError, RefusedError
from zoo_ray.connection import check_answers, connected, unused_token, uses_tokens

pytestmark = pytest.mark.full


def test_a_cluster_that_is_not_there_is_named_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        check_answers(address)
    with pytest.raises(NetworkError, match=f"^no Ray cluster answers at {address}: Connection ref"):
        check_answers(address)


def test_the_ray_client_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"^RAY_ADDRESS is ray://head:10001, .* run the command"):
        check_answers("ray://head:10001")


@pytest.mark.parametrize("address", ["", "auto", "local"])
def test_an_address_that_ray_finds_is_left_to_it(address: str) -> None:
    check_answers(address)


@pytest.mark.parametrize("address", ["head", "head:port", ":6379", "http://head:8265", "AUTO", " "])
def test_an_address_of_no_cluster_is_refused_before_ray_is_asked(address: str) -> None:
    with pytest.raises(RefusedError, match=r": expected HOST:PORT, such as .*, or auto for"):
        check_answers(address)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment variables of the process, without those of Ray."""
    values = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    monkeypatch.setattr(os, "environ", values)
    return values


@pytest.mark.parametrize("given", [{}, {"RAY_AUTH_TOKEN": ""}, {"RAY_AUTH_TOKEN": "mine"}])
def test_a_cluster_of_its_own_has_a_token_whatever_is_set(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    environment |= given
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: True))
    with connected(1):
        pass
    token = environment["RAY_AUTH_TOKEN"]
    assert token == given.get("RAY_AUTH_TOKEN") or len(token) == 64


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ({}, ""),
        ({"RAY_AUTH_TOKEN": ""}, ""),
        ({"RAY_AUTH_TOKEN": "a"}, "RAY_AUTH_TOKEN is sent to an address only with RAY_AUTH_MODE="),
        ({"RAY_AUTH_TOKEN_PATH": "a"}, "RAY_AUTH_TOKEN_PATH is sent to an address only with "),
        ({"RAY_AUTH_TOKEN": "a", "RAY_AUTH_MODE": "Token"}, ""),
    ],
)
def test_a_token_that_is_not_sent_is_named(
    environment: dict[str, str], given: dict[str, str], remedy: str
) -> None:
    environment |= given
    assert unused_token().startswith(remedy)
    assert bool(unused_token()) == bool(remedy)
    assert uses_tokens() == ("RAY_AUTH_MODE" in given)
