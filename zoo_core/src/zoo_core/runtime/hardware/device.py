"""Devices and precision."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from zoo_core.errors import ConfigError, DeviceError
from zoo_core.run_folder.run_config import NO_INT8_TRAINING, PRECISIONS


def choose_device(name: str) -> str:
    """Returns the device of a name; ``auto`` chooses the fastest device of this machine.

    Raises:
        DeviceError: This machine has no such device.
    """
    devices = []
    if torch.cuda.is_available():
        devices.append("cuda")
    if torch.backends.mps.is_available():
        devices.append("mps")
    devices.append("cpu")
    if name == "auto":
        return devices[0]
    if name not in devices:
        raise DeviceError(
            f"no device {name!r} here; there is: {', '.join(devices)}; try --device {devices[0]}"
        )
    return name


def precision_context(precision: str, device: str) -> AbstractContextManager[object]:
    """Returns a context in which matrix products use ``precision``.

    Raises:
        ConfigError: The precision is neither ``fp32`` nor ``bf16``.
    """
    if precision == "int8":
        raise ConfigError(f"precision = int8: {NO_INT8_TRAINING}")
    if precision not in PRECISIONS:
        raise ConfigError(f"precision = {precision!r}: expected {' or '.join(PRECISIONS)}")
    return torch.autocast(device, torch.bfloat16) if precision == "bf16" else nullcontext()


def multiplies_bfloat16(device: str) -> bool:
    """Returns whether a device multiplies in bfloat16.

    A CPU without AVX-512 emulates it slowly.
    """
    return device != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
