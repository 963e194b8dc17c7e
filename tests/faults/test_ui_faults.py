"""The page in the browser: one at a time, on a port that is free."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.faults.conftest import Met
from tests.faults.fault import fault


@fault(
    140,
    "the plugin of the page is not installed",
    says="Error: zoo ui comes with zoo-ui: …",
    code=7,
    left="nothing",
)
def test_a_missing_page_is_named(zoo: Zoo, met: Met, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-lstm")
    met(zoo("ui"))


@pytest.mark.full
@fault(
    141,
    "a second page",
    says="Error: zoo ui runs already at http://127.0.0.1:…; open that page, or end it first: "
    "kill -INT …",
    code=6,
    left="the first page, undisturbed",
)
def test_a_second_page_says_where_the_first_is(zoo: Zoo, met: Met, isolation: Path) -> None:
    from zoo_ui.instance import only_instance, write_address

    with only_instance() as address:
        write_address(address, "http://127.0.0.1:7860")
        met(zoo("ui"))
        assert address.exists()


@pytest.mark.full
@fault(
    141,
    "the port of a page is taken",
    says="Error: cannot listen on port …: Address already in use; choose another --port, or leave "
    "it out",
    code=6,
    left="nothing",
)
def test_a_port_that_is_taken_is_named(zoo: Zoo, met: Met, isolation: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        met(zoo("ui", "--port", other.getsockname()[1]))
    assert {path.name for path in (isolation / "ui").iterdir()} == {"LOCK"}
