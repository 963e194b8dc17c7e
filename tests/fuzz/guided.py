"""Fuzzes one reader with libFuzzer: ``python -m tests.fuzz.guided NAME ...``."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["zoo_core", "tomllib"]):
    from tests.fuzz.targets import attempt

name = sys.argv.pop(1)
atheris.Setup(sys.argv, lambda data: attempt(name, data))
atheris.Fuzz()
