"""Fixtures of the tests of the pages."""

from __future__ import annotations

from tests.cli.conftest import zoo

__all__ = ["zoo"]
