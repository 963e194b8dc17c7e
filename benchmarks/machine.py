"""What the figures depend on: the machine and the versions."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks.peers.packages import PACKAGES, missing
from zoo_cli.commands.reproduction_report import machine as known

NOTED = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve", "bf16")
NO_BF16 = "torch only imitates products in bfloat16 here, so their speed is not measured"
NO_GPU = "there is no graphics processor that torch can use, so none is measured"


def machine() -> dict[str, str]:
    """Processor, cores, instruction sets, threads and versions."""
    threads = torch.get_num_threads()
    facts = known() | {
        "isa": " ".join(flag for flag in NOTED if flag in _flags()) or "unknown instructions",
        "threads": f"{threads} {'threads' if threads > 1 else 'thread'} for each way",
        "zoo-core": f"zoo-core {version('zoo-core')}",
    }
    if torch.cuda.is_available():
        facts["gpu"] = torch.cuda.get_device_name()
    here = (name for name in PACKAGES if name not in missing())
    return facts | {name: f"{name} {version(name)}" for name in here}


def _flags() -> set[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return set()
    found = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return set(next(found, "").split())
