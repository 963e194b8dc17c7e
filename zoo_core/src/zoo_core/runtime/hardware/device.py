"""Devices and precision."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from zoo_core.errors import ConfigError, DeviceError
from zoo_core.run_folder.run_config import PRECISIONS


def choose_device(name: str) -> str:
    """The device that a name means here; ``auto`` takes the fastest there is.

    Raises:
        DeviceError: This machine has no such device.
    """
    present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return next(device for device, there in present.items() if there)
    if not present.get(name, False):
        there = [device for device, here in present.items() if here]
        raise DeviceError(
            f"no device {name!r} here; there is: {', '.join(there)}; try --device {there[0]}"
        )
    return name


def precision_context(precision: str, device: str) -> AbstractContextManager[object]:
    """Where products are made in bfloat16 for ``bf16``, and nothing changes for ``fp32``.

    Raises:
        ConfigError: The precision is neither.
    """
    if precision not in PRECISIONS:
        raise ConfigError(f"precision = {precision}: expected {' or '.join(PRECISIONS)}")
    return torch.autocast(device, torch.bfloat16) if precision == "bf16" else nullcontext()


def multiplies_bfloat16(device: str) -> bool:
    """Whether a device multiplies in bfloat16; a CPU without AVX-512 only imitates it, slowly."""
    return device != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
