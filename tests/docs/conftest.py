"""Fixtures of the tests of the pages."""

from __future__ import annotations
