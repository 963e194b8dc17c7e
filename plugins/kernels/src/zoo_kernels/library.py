"""The compiled library, called through its C interface."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from itertools import count, takewhile
from pathlib import Path
from typing import Any, final

from zoo_core.errors import ConfigError

FOLDER = Path(__file__).parent
LIBRARY, EXCUSE = FOLDER / "native.so", FOLDER / "not_built.txt"
REMEDY = "with a C++ compiler at hand: pip install --force-reinstall --no-deps zoo-kernels"
LEVEL = "ZOO_KERNELS_LEVEL"
"""Environment variable: the highest level of instructions to use."""

NUMBERS = (
    "cell",
    "real",
    "level",
    "threads",
    "reverse",
    "cut",
    "steps",
    "rows",
    "width",
    "half",
)
POINTERS = (
    "sizes",
    "gates",
    "inner",
    "hidden",
    "memory",
    "weight",
    "bias",
    "d_gates",
    "d_hidden",
    "d_memory",
    "workspace",
)
LAYER_POINTERS = (
    "weight_ih",
    "bias",
    "weight_hh",
    "bias_n",
    "hidden",
    "memory",
    "gates",
    "inner",
)
TEXT_NUMBERS = (
    "real",
    "level",
    "threads",
    "half",
    "layers",
    "symbols",
    "count",
    "fed",
    "top_k",
)
TEXT_POINTERS = ("table", "weight", "bias", "prompt", "uniform", "made")


@final
class SweepArguments(ctypes.Structure):
    """``struct zoo_sweep`` of ``cpp/sweep.h``, which says what each field is."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in NUMBERS),
        *((name, ctypes.c_void_p) for name in POINTERS),
    )


@final
class LayerArguments(ctypes.Structure):
    """``struct zoo_layer`` of ``cpp/sweep.h``."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("cell", "width")),
        *((name, ctypes.c_void_p) for name in LAYER_POINTERS),
    )


@final
class TextArguments(ctypes.Structure):
    """``struct zoo_text`` of ``cpp/sweep.h``."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in TEXT_NUMBERS),
        ("temperature", ctypes.c_double),
        ("layer", ctypes.POINTER(LayerArguments)),
        *((name, ctypes.c_void_p) for name in TEXT_POINTERS),
        ("packed", ctypes.c_int64),
        ("workspace", ctypes.c_void_p),
    )


@final
class NativeLibrary:
    """The functions of the library.

    Args:
        path: Where it lies.

    Raises:
        OSError: It cannot be loaded.
    """

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(str(path))
        self.forth, self.back = library.zoo_forth, library.zoo_back
        self.workspace = library.zoo_workspace
        self.generate, self.text_workspace = library.zoo_generate, library.zoo_text_workspace
        for function in (self.generate, self.text_workspace):
            function.argtypes = [ctypes.POINTER(TextArguments)]
            function.restype = ctypes.c_int64
        self.workspace.restype = ctypes.c_int64
        for function in (self.forth, self.back, self.workspace):
            function.argtypes = [ctypes.POINTER(SweepArguments)]
        library.zoo_level_name.restype = ctypes.c_char_p
        library.zoo_level_name.argtypes = [ctypes.c_int64]
        library.zoo_best_level.restype = ctypes.c_int64
        self._halves = library.zoo_level_halves
        self._halves.restype, self._halves.argtypes = ctypes.c_int64, [ctypes.c_int64]
        self.best = int(library.zoo_best_level())
        names = takewhile(bool, map(library.zoo_level_name, count()))
        self.levels = [name.decode() for name in names]
        """The levels of instructions that it was built for, the best last."""

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy, or what another process unpickles, is the library of that process."""
        return native_library, ()

    @property
    def level(self) -> int:
        """The best one that this processor has and ``ZOO_KERNELS_LEVEL`` allows.

        Raises:
            ConfigError: It names none.
        """
        highest = os.environ.get(LEVEL)
        if highest is None:
            return self.best
        if highest not in self.levels:
            raise ConfigError(f"{LEVEL} = {highest}: expected one of {', '.join(self.levels)}")
        return min(self.best, self.levels.index(highest))

    @property
    def multiplies_bfloat16(self) -> bool:
        """Whether the level has instructions for products in bfloat16."""
        return bool(self._halves(self.level))


@cache
def native_library() -> NativeLibrary | str:
    """The library, or why it is not there and what to do."""
    try:
        return NativeLibrary(LIBRARY)
    except OSError as error:
        reason = EXCUSE.read_text("utf-8") if EXCUSE.exists() else str(error)
        return f"not built ({' '.join(reason.split()):.200}); {REMEDY}"
