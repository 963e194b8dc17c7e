"""The compiled library, called through its C interface."""

from __future__ import annotations

import ctypes
import os
import shutil
from functools import cache
from itertools import count, takewhile
from pathlib import Path
from typing import Any, final

from zoo_core.errors import ConfigError

FOLDER = Path(__file__).parent
LIBRARY, BUILD_ERROR = FOLDER / "native.so", FOLDER / "not_built.txt"
COMPILERS = ("c++", "g++", "clang++")
"""What the install looks for if ``CXX`` names no compiler; on Windows it looks for none."""
INSTALL = "pip install --force-reinstall --no-deps zoo-kernels"
LEVEL = "ZOO_KERNELS_LEVEL"
"""Environment variable: the highest level of instructions to use."""

VERSION = 5
"""Of the C interface that this module calls, as ``zoo_version`` returns it."""

INTEGER, POINTER = ctypes.c_int64, ctypes.c_void_p


@final
class StridedNumbers(ctypes.Structure):
    """``struct zoo_strided`` of ``cpp/recurrence.h``."""

    _fields_ = (("numbers", POINTER), ("row", INTEGER), ("step", INTEGER))


@final
class RecurrenceArguments(ctypes.Structure):
    """``struct zoo_recurrence`` of ``cpp/recurrence.h``, which documents the fields."""

    _fields_ = (
        ("cell", INTEGER),
        ("element_size", INTEGER),
        ("level", INTEGER),
        ("threads", INTEGER),
        ("reverse", INTEGER),
        ("needs_initial_grad", INTEGER),
        ("steps", INTEGER),
        ("rows", INTEGER),
        ("hidden_size", INTEGER),
        ("bf16", INTEGER),
        ("batch_sizes", POINTER),
        ("gates", POINTER),
        ("recurrent_n", POINTER),
        ("hidden", POINTER),
        ("cell_state", POINTER),
        ("weight", POINTER),
        ("bias", POINTER),
        ("d_gates", POINTER),
        ("d_outputs", StridedNumbers),
        ("d_hidden", POINTER),
        ("d_cell_state", POINTER),
        ("workspace", POINTER),
        ("symbols", INTEGER),
        ("tokens", POINTER),
        ("table", POINTER),
        ("d_table", POINTER),
        ("rounded", POINTER),
    )


@final
class LayerArguments(ctypes.Structure):
    """``struct zoo_layer`` of ``cpp/recurrence.h``."""

    _fields_ = (
        ("cell", INTEGER),
        ("hidden_size", INTEGER),
        ("weight_ih", POINTER),
        ("scales_ih", POINTER),
        ("bias", POINTER),
        ("weight_hh", POINTER),
        ("scales_hh", POINTER),
        ("bias_n", POINTER),
        ("hidden", POINTER),
        ("cell_state", POINTER),
    )


@final
class TextRowArguments(ctypes.Structure):
    """``struct zoo_text_row`` of ``cpp/recurrence.h``."""

    _fields_ = (
        ("prompt", POINTER),
        ("prompt_length", INTEGER),
        ("uniform", POINTER),
        ("generated", POINTER),
        ("count", INTEGER),
        ("made", INTEGER),
        ("top_k", INTEGER),
        ("temperature", ctypes.c_double),
    )


@final
class TextArguments(ctypes.Structure):
    """``struct zoo_text`` of ``cpp/recurrence.h``."""

    _fields_ = (
        ("element_size", INTEGER),
        ("level", INTEGER),
        ("threads", INTEGER),
        ("storage", INTEGER),
        ("layers", INTEGER),
        ("symbols", INTEGER),
        ("rows", INTEGER),
        ("capacity", INTEGER),
        ("layer", ctypes.POINTER(LayerArguments)),
        ("table", POINTER),
        ("weight", POINTER),
        ("scales", POINTER),
        ("bias", POINTER),
        ("row", ctypes.POINTER(TextRowArguments)),
        ("packed", POINTER),
        ("workspace", POINTER),
    )


@final
class Numbers(ctypes.Structure):
    """``struct zoo_numbers`` of ``cpp/recurrence.h``."""

    _fields_ = (("numbers", POINTER), ("bytes", INTEGER))


@final
class LinearScanArguments(ctypes.Structure):
    """``struct zoo_linear_scan`` of ``cpp/recurrence.h``."""

    _fields_ = (
        ("element_size", INTEGER),
        ("level", INTEGER),
        ("threads", INTEGER),
        ("reverse", INTEGER),
        ("is_complex", INTEGER),
        ("steps", INTEGER),
        ("rows", INTEGER),
        ("width", INTEGER),
        ("lengths", POINTER),
        ("starts", POINTER),
        ("decay", StridedNumbers),
        ("added", StridedNumbers),
        ("initial", POINTER),
        ("states", POINTER),
        ("grad", StridedNumbers),
        ("d_decay", POINTER),
        ("d_decay_sum", POINTER),
        ("d_added", POINTER),
        ("d_initial", POINTER),
    )


@final
class ClassLossArguments(ctypes.Structure):
    """``struct zoo_class_loss`` of ``cpp/recurrence.h``."""

    _fields_ = (
        ("element_size", INTEGER),
        ("level", INTEGER),
        ("threads", INTEGER),
        ("rows", INTEGER),
        ("classes", INTEGER),
        ("ignored", INTEGER),
        ("smoothing", ctypes.c_double),
        ("logits", POINTER),
        ("targets", POINTER),
        ("weights", POINTER),
        ("grad", POINTER),
        ("loss", ctypes.c_double),
        ("plain_loss", ctypes.c_double),
        ("weight", ctypes.c_double),
        ("counted", INTEGER),
        ("correct", INTEGER),
        ("workspace", POINTER),
    )


@final
class ParameterArguments(ctypes.Structure):
    """``struct zoo_parameter`` of ``cpp/recurrence.h``."""

    _fields_ = (
        ("weights", POINTER),
        ("first", POINTER),
        ("second", POINTER),
        ("steps", POINTER),
    )


@final
class SmallStepArguments(ctypes.Structure):
    """``struct zoo_small_step`` of ``cpp/recurrence.h``."""

    _fields_ = (
        ("element_size", INTEGER),
        ("level", INTEGER),
        ("cell", INTEGER),
        ("steps", INTEGER),
        ("rows", INTEGER),
        ("symbols", INTEGER),
        ("embedding_size", INTEGER),
        ("hidden_size", INTEGER),
        ("classes", INTEGER),
        ("tokens", POINTER),
        ("targets", POINTER),
        ("ignored", INTEGER),
        ("smoothing", ctypes.c_double),
        ("class_weights", POINTER),
        ("hidden", POINTER),
        ("cell_state", POINTER),
        ("next_hidden", POINTER),
        ("next_cell_state", POINTER),
        ("logits", POINTER),
        ("parameters", ParameterArguments * 7),
        ("optimizer", INTEGER),
        ("learning_rate", ctypes.c_double),
        ("weight_decay", ctypes.c_double),
        ("momentum", ctypes.c_double),
        ("beta_1", ctypes.c_double),
        ("beta_2", ctypes.c_double),
        ("epsilon", ctypes.c_double),
        ("clip_norm", ctypes.c_double),
        ("loss", ctypes.c_double),
        ("plain_loss", ctypes.c_double),
        ("weight", ctypes.c_double),
        ("counted", INTEGER),
        ("correct", INTEGER),
        ("norm", ctypes.c_double),
        ("workspace", POINTER),
        ("bf16", INTEGER),
    )


@final
class NativeLibrary:
    """The functions of the library.

    Args:
        path: The path of the library.

    Raises:
        OSError: The library cannot be loaded, or is of another version.
    """

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(str(path))
        version = getattr(library, "zoo_version", None)
        if version is None or version() != VERSION:
            raise OSError("it was compiled from other sources than those of this package")
        self.forward, self.backward = library.zoo_forward, library.zoo_backward
        self.workspace = library.zoo_workspace
        self.pack_text, self.generate = library.zoo_texts_pack, library.zoo_texts_generate
        self.packed_text = library.zoo_texts_packed
        self.text_workspace = library.zoo_texts_workspace
        self.text_threads = library.zoo_texts_threads
        self.fingerprint = library.zoo_fingerprint
        self.scan_forward = library.zoo_linear_scan_forward
        self.scan_backward = library.zoo_linear_scan_backward
        self.class_loss = library.zoo_class_loss_run
        self.class_loss_workspace = library.zoo_class_loss_workspace
        self.small_step = library.zoo_small_step_run
        self.small_step_workspace = library.zoo_small_step_workspace
        signatures: tuple[tuple[type[ctypes.Structure], Any, tuple[Any, ...]], ...] = (
            (RecurrenceArguments, None, (self.forward, self.backward)),
            (RecurrenceArguments, INTEGER, (self.workspace,)),
            (TextArguments, None, (self.pack_text, self.generate)),
            (TextArguments, INTEGER, (self.packed_text, self.text_workspace, self.text_threads)),
            (LinearScanArguments, None, (self.scan_forward, self.scan_backward)),
            (ClassLossArguments, INTEGER, (self.class_loss, self.class_loss_workspace)),
            (SmallStepArguments, INTEGER, (self.small_step, self.small_step_workspace)),
        )
        for arguments, result, functions in signatures:
            for function in functions:
                function.argtypes, function.restype = [ctypes.POINTER(arguments)], result
        self.fingerprint.argtypes = [ctypes.POINTER(Numbers), INTEGER]
        self.fingerprint.restype = ctypes.c_uint64
        library.zoo_level_name.restype = ctypes.c_char_p
        library.zoo_level_name.argtypes = [ctypes.c_int64]
        library.zoo_best_level.restype = ctypes.c_int64
        self._level_has_bf16 = library.zoo_level_has_bf16
        self._level_has_bf16.restype = ctypes.c_int64
        self._level_has_bf16.argtypes = [ctypes.c_int64]
        self.best = int(library.zoo_best_level())
        names = takewhile(bool, map(library.zoo_level_name, count()))
        self.levels = [name.decode() for name in names]
        """The levels of instructions that the library was built for, the best last."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles are the library of the process that makes them."""
        return native_library, ()

    @property
    def level(self) -> int:
        """The best level that this processor supports and ``ZOO_KERNELS_LEVEL`` allows.

        Raises:
            ConfigError: The variable does not name a level.
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
        return bool(self._level_has_bf16(self.level))


@cache
def native_library() -> NativeLibrary | str:
    """The library, or the reason why it is missing and the remedy."""
    try:
        return NativeLibrary(LIBRARY)
    except OSError as error:
        if LIBRARY.exists():  # built on another machine, or from other sources
            return f"not usable ({_line(str(error))}); {INSTALL}"
        reason = BUILD_ERROR.read_text("utf-8") if BUILD_ERROR.exists() else str(error)
        needed = "" if _has_compiler() else "install a C++ compiler, then: "
        return f"not built ({_line(reason)}); {needed}{INSTALL}"


def _has_compiler() -> bool:
    """Whether there is a compiler that the install would use."""
    return bool(os.environ.get("CXX")) or (
        os.name != "nt" and any(shutil.which(name) for name in COMPILERS)
    )


def _line(text: str) -> str:
    return f"{' '.join(text.split()):.200}"
