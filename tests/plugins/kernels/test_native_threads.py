"""Threads that divide work: more of them than wait for one another, too."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.plugins.kernels.compiling import PLUGIN

PROGRAM = Path(__file__).with_name("native_threads.cpp")
FLAGS = shlex.split(
    "-std=gnu++17 -O1 -g -Wall -Wextra -Werror -Wno-psabi -DZOO_VECTOR_BYTES=16 -fopenmp "
    "-fsanitize=address,undefined -fno-sanitize-recover=all"
)


@pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler")
def test_any_number_of_threads_divides_rows_and_waits_within_the_barriers_memory(
    tmp_path: Path,
) -> None:
    """A machine may have more cores than a barrier has lines for."""
    compiler, program = shlex.split(os.environ.get("CXX", "c++")), tmp_path / "threads"
    command = [*compiler, *FLAGS, "-o", str(program)]
    probe = [*command, "-x", "c++", "-"]
    if subprocess.run(probe, input="int main() {}", text=True, check=False).returncode:
        pytest.skip("the compiler has no OpenMP or no sanitizers")
    subprocess.run([*command, f"-I{PLUGIN / 'cpp'}", str(PROGRAM)], check=True)
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
