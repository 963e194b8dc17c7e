"""Compiling the native kernel by the plugin's own build, with other flags or levels."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PLUGIN = Path(__file__).parents[3] / "plugins" / "kernels"
PROGRAM = """
import ast, sys
from pathlib import Path
from hatch_build import compile_library
build, target, flags, programs, levels = sys.argv[1:]
flags, programs, levels = map(ast.literal_eval, (flags, programs, levels))
compile_library(Path("cpp").absolute(), Path(build), Path(target), flags, programs, levels)
"""
EMULATED = {
    "avx512": "recurrence.cpp -DZOO_VECTOR_BYTES=64",
    "avx512_bf16": "recurrence_bf16.cpp -DZOO_VECTOR_BYTES=64 -DZOO_AMX=0",
    "amx_bf16": "recurrence_bf16.cpp -DZOO_VECTOR_BYTES=64 -DZOO_AMX=1",
}
"""Levels that run on any processor: vectors of 64 bytes in smaller ones, bfloat16 in loops."""
EMULATE = "-DZOO_EMULATED"
"""The compiler flag for these levels."""


def compile_native(
    folder: Path,
    target: str,
    flags: Sequence[str] = (),
    programs: Sequence[Path] = (),
    levels: dict[str, str] | None = None,
    **environment: str,
) -> Path:
    """Compiles the library, or a program of further sources, and returns its path."""
    built = folder / target
    values = (list(flags), [str(program) for program in programs], levels)
    arguments = [str(folder / "build"), str(built), *map(repr, values)]
    command = [sys.executable, "-c", PROGRAM, *arguments]
    subprocess.run(command, cwd=PLUGIN, env=os.environ | environment, check=True)
    return built
