"""Facts about the machine that figures in seconds depend on."""

from __future__ import annotations

import platform
from pathlib import Path

import torch

from zoo_core.runtime.hardware.threads import count_cores


def machine_facts() -> dict[str, str]:
    """Returns the processor, the number of cores and the versions of torch and Python."""
    return {
        "processor": _processor(),
        "cores": f"{count_cores()} cores",
        "torch": f"torch {torch.__version__.partition('+')[0]}",
        "python": f"Python {platform.python_version()}",
    }


def hardware_facts(device: str) -> dict[str, str]:
    """Returns the processor, its cores, the system and, for CUDA, the accelerator; no host name."""
    facts = {
        "processor": _processor(),
        "cores": str(count_cores()),
        "system": f"{platform.system()} {platform.machine()}",
    }
    if device == "cuda":
        facts["accelerator"] = torch.cuda.get_device_name()
    return facts


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
