"""The machine and the versions that measurements depend on."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks.peers.packages import LAYERS, missing
from benchmarks.texts import BOOKS, is_here, replacements
from zoo_core.runtime.hardware.machine import machine_facts

INSTRUCTION_SETS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve", "bf16")
NO_BF16 = "this processor only emulates products in bfloat16, so their speed is not measured"
NO_COMPILER = "there is no C++ compiler, so torch.compile is not measured"
NO_LIMIT = "torch.compile cannot be limited to an instruction set, so it is not measured"
NO_GPU = "torch finds no graphics processor, so none is measured"


def machine() -> dict[str, str]:
    """Processor, cores, instruction sets, threads and versions."""
    threads = torch.get_num_threads()
    facts = machine_facts() | {
        "isa": " ".join(flag for flag in INSTRUCTION_SETS if flag in _flags())
        or "unknown instructions",
        "threads": f"{threads} {'threads' if threads > 1 else 'thread'} for each implementation",
        "zoo-core": f"zoo-core {version('zoo-core')}",
    }
    if torch.cuda.is_available():
        facts["gpu"] = torch.cuda.get_device_name()
    facts |= replacements([book for book in BOOKS if not is_here(book)])
    absent = missing()
    modules = [module for name, module in LAYERS.modules.items() if name not in absent]
    return facts | {module: f"{module} {version(module)}" for module in modules}


def _flags() -> set[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return set()
    values = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return set(next(values, "").split())
