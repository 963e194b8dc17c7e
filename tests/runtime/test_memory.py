"""A process that trains keeps what it frees."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest
from zoo_core.runtime.memory import OWN_CHOICE, keep_freed_memory

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
KEEPING = "from zoo_core.runtime.memory import keep_freed_memory; assert keep_freed_memory()"
TRAINING = "from zoo_cli.main import run; assert run(['train', 'lstm-embed', '--json']) == 0"


def faults(first: str) -> int:
    """Pages that the system hands out anew for each step of 72 MB, in a process of its own."""
    command = [sys.executable, "-c", first + FAULTS]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return int(done.stdout.splitlines()[-1])


@GLIBC
@pytest.mark.parametrize("first", [KEEPING, TRAINING], ids=["asked", "zoo train"])
def test_what_a_step_frees_the_next_one_takes_without_the_system(first: str) -> None:
    assert faults(first) < 100 < faults("")


@pytest.mark.parametrize("name", OWN_CHOICE)
def test_who_has_told_glibc_otherwise_is_obeyed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")
    assert not keep_freed_memory()
