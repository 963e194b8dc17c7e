"""C that a benchmark measures with."""

from __future__ import annotations

import ctypes
import os
import subprocess
from pathlib import Path


def compiled(source: str, folder: Path) -> ctypes.CDLL:
    """Returns the functions of a C file of this package.

    Args:
        source: The name of the file.
        folder: Where it is compiled, by the compiler that torch.compile takes.

    Raises:
        subprocess.CalledProcessError: It cannot be compiled.
    """
    path = Path(__file__).with_name(source)
    library = folder / path.with_suffix(".so").name
    compiler = os.environ.get("CXX") or "g++"
    options = ["-x", "c", "-O3", "-march=native", "-shared", "-fPIC", "-pthread"]
    subprocess.run([compiler, *options, path, "-o", library], check=True)
    return ctypes.CDLL(str(library))
