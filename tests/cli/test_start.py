"""Ctrl+C while Python still imports the command line: exit code 130 and no traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to a process alone")
PROGRAM = """
import os, signal, sys, weakref

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            HOW()

def plainly():
    os.kill(os.getpid(), signal.SIGINT)

def in_a_callback():
    weakref.finalize(Interrupts(), plainly)

def in_code_that_raises_its_own_error():
    try:
        plainly()
    except BaseException:
        raise ImportError("numpy failed to import") from None

sys.meta_path.insert(0, Interrupts())
sys.argv = ["zoo", "list"]
from zoo_cli.start import main
main()
"""


@pytest.mark.parametrize(
    ("module", "how"),
    [
        ("click", "plainly"),
        ("zoo_cli.commands.list", "plainly"),
        ("zoo_cli.commands.list", "in_a_callback"),
        ("zoo_cli.commands.list", "in_code_that_raises_its_own_error"),
    ],
)
def test_ctrl_c_in_an_import_ends_without_a_traceback(module: str, how: str) -> None:
    program = PROGRAM.replace("MODULE", repr(module)).replace("HOW", how)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
