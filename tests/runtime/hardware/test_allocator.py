"""A process that trains keeps what it frees."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from zoo_core.runtime.hardware.allocator import (
    MMAP_THRESHOLD,
    NEVER,
    OWN_CHOICE,
    TRIM_THRESHOLD,
    TUNABLES,
    keep_freed_memory,
)

GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told anything")
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
    """Pages that the system hands out anew for each step of 72 MB, in a process of its own."""
    command = [sys.executable, "-c", first + FAULTS]
    plain = {n: each for n, each in os.environ.items() if n not in (*OWN_CHOICE, TUNABLES)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=plain)
    return int(done.stdout.splitlines()[-1])


@GLIBC
@pytest.mark.parametrize("first", [KEEPING, TRAINING], ids=["asked", "zoo train"])
def test_what_a_step_frees_the_next_one_takes_without_the_system(first: str) -> None:
    assert 10 * faults(first) < faults("")  # of whatever size the system's pages are


@GLIBC
@pytest.mark.parametrize(
    ("name", "value", "obeyed"),
    [
        *((name, "131072", True) for name in OWN_CHOICE),
        (TUNABLES, "glibc.malloc.trim_threshold=131072", True),
        (TUNABLES, "glibc.cpu.x86_shstk=off", False),
    ],
)
def test_who_has_told_glibc_otherwise_is_obeyed(
    name: str, value: str, obeyed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in (*OWN_CHOICE, TUNABLES):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, value)
    assert keep_freed_memory() is not obeyed


class OldLibrary:
    """glibc before 2.35, which takes no block of more than 32 MB from the heap."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []

    def mallopt(self, what: int, value: int) -> int:
        taken = what != MMAP_THRESHOLD or value <= 1 << 25
        self.told += [(what, value)] if taken else []
        return int(taken)


def test_an_older_glibc_is_told_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    old = OldLibrary()
    monkeypatch.setattr("ctypes.CDLL", lambda name: old)
    for each in (*OWN_CHOICE, TUNABLES):
        monkeypatch.delenv(each, raising=False)
    assert keep_freed_memory()
    assert old.told == [(MMAP_THRESHOLD, 1 << 25), (TRIM_THRESHOLD, NEVER)]
