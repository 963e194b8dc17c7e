"""A process that trains keeps the memory that it frees."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from zoo_core.runtime.hardware.allocator import (
    MMAP_THRESHOLD,
    NEVER,
    TRIM_THRESHOLD,
    TUNABLES,
    USER_SETTINGS,
    keep_freed_memory,
)

GLIBC = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="only glibc has these settings"
)
FAULTS = """
import resource
def step():
    held = [bytearray(24 << 20) for _ in range(3)]
for _ in range(3):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 5)
"""
KEEPING = (
    "from zoo_core.runtime.hardware.allocator import keep_freed_memory; assert keep_freed_memory()"
)
TRAINING = "from zoo_cli.main import run; assert run(['train', 'lstm-embed', '--json']) == 0"


def faults(first: str) -> int:
    """Returns the page faults of each step of 72 MB in a new process that first runs some code."""
    command = [sys.executable, "-c", first + FAULTS]
    env = {n: value for n, value in os.environ.items() if n not in (*USER_SETTINGS, TUNABLES)}
    process = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env)
    return int(process.stdout.splitlines()[-1])


@pytest.mark.gate
@GLIBC
@pytest.mark.parametrize("first", [KEEPING, TRAINING], ids=["keep_freed_memory", "zoo train"])
def test_a_step_reuses_the_memory_that_the_step_before_freed(first: str) -> None:
    assert 10 * faults(first) < faults("")  # holds for every page size


@GLIBC
@pytest.mark.parametrize(
    ("name", "value", "respected"),
    [
        *((name, "131072", True) for name in USER_SETTINGS),
        (TUNABLES, "glibc.malloc.trim_threshold=131072", True),
        (TUNABLES, "glibc.cpu.x86_shstk=off", False),
    ],
)
def test_environment_variables_of_glibc_are_respected(
    name: str, value: str, respected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in (*USER_SETTINGS, TUNABLES):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, value)
    assert keep_freed_memory() is not respected


class OldLibrary:
    """glibc before 2.35, which rejects heap blocks of more than 32 MB."""

    def __init__(self) -> None:
        self.accepted: list[tuple[int, int]] = []

    def mallopt(self, parameter: int, value: int) -> int:
        if parameter == MMAP_THRESHOLD and value > 1 << 25:
            return 0
        self.accepted.append((parameter, value))
        return 1


def test_an_older_glibc_gets_the_largest_size_that_it_accepts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = OldLibrary()
    monkeypatch.setattr("ctypes.CDLL", lambda name: library)
    for variable in (*USER_SETTINGS, TUNABLES):
        monkeypatch.delenv(variable, raising=False)
    assert keep_freed_memory()
    assert library.accepted == [(MMAP_THRESHOLD, 1 << 25), (TRIM_THRESHOLD, NEVER)]
