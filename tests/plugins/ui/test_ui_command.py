"""``zoo ui`` before it serves."""

from __future__ import annotations

import pytest

from tests.cli.command import Zoo
from tests.cli.conftest import zoo

__all__ = ["zoo"]
pytestmark = pytest.mark.full


def test_another_machine_is_told_to_use_a_tunnel(zoo: Zoo) -> None:
    refused = zoo("ui", "--host", "0.0.0.0", "--port", "7000")
    assert refused.code == 6
    assert "ssh -L 7000:127.0.0.1:7000 THIS-MACHINE" in refused.stderr


def test_a_wrong_port_is_named_with_its_bounds(zoo: Zoo) -> None:
    refused = zoo("ui", "--port", "abc")
    assert refused.code == 2
    assert "'abc' is not an integer >= 0 and <= 65535" in refused.stderr
