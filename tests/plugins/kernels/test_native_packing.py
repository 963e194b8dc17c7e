"""Packing a weight moves numbers, and rounds them in one way, for vectors of every width."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.plugins.kernels.compiling import PLUGIN

PROGRAM = Path(__file__).with_name("native_packing.cpp")
FLAGS = shlex.split("-std=gnu++17 -O2 -Wall -Wextra -Werror -Wno-psabi")


@pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler")
@pytest.mark.parametrize("width", [16, 32, 64])
def test_packed_weights_have_every_bit_of_a_plain_loop(tmp_path: Path, width: int) -> None:
    compiler = shlex.split(os.environ.get("CXX", "c++"))
    program = tmp_path / "packing"
    flags = [*FLAGS, f"-DZOO_VECTOR_BYTES={width}", f"-I{PLUGIN / 'cpp'}"]
    subprocess.run([*compiler, *flags, PROGRAM, "-o", program], check=True)
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
