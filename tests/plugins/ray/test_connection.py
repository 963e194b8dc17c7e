"""The address of a cluster, checked before Ray is asked."""

from __future__ import annotations

import socket

import pytest

from zoo_core.errors import NetworkError, RefusedError
from zoo_ray.connection import check_answers

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
