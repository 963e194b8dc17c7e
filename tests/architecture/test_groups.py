"""Tests that share dear work run in one process of pytest-xdist."""

from __future__ import annotations

import os

import pytest


@pytest.mark.xdist_group("groups")
@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="the tests run in one process")
def test_the_group_of_a_test_reaches_the_scheduler(request: pytest.FixtureRequest) -> None:
    """Under pytest 9.2, ``xdist_group`` has no effect, and nothing says so."""
    assert request.node.nodeid.endswith("@groups")
