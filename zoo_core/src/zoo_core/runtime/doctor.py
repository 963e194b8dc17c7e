"""The doctor's checks of torch, the kernels and the Hub."""

from __future__ import annotations

import torch

from zoo_core.doctor.result import Check, DoctorResult, check_writable
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import KernelSpec
from zoo_core.runtime.building.kernel_choice import kernels
from zoo_core.runtime.hardware.device import choose_device
from zoo_core.runtime.hardware.threads import count_cores


def torch_build() -> list[DoctorResult]:
    """Checks torch's build and the devices that it can use."""
    built = torch.version.cuda or torch.version.hip or ""
    gpus = [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
    device = choose_device("auto")
    facts = {"version": torch.__version__, "cuda": built, "gpus": gpus, "device": device}
    name = f" ({gpus[0]})" if device == "cuda" else ""
    message = f"{torch.__version__}, device {device}{name}"
    if built and not gpus:
        message += f"; built for CUDA {built}, and no GPU is usable here"
    return [DoctorResult("torch", "ok", message, facts=facts)]


def threads() -> list[DoctorResult]:
    """Compares the threads of torch with the cores that this process may use."""
    used, usable = torch.get_num_threads(), count_cores()
    facts = {"threads": used, "cores": usable}
    message = f"torch uses {used}; this process may use {usable} cores"
    if usable and used > usable:
        return [
            DoctorResult("threads", "warning", message, f"export OMP_NUM_THREADS={usable}", facts)
        ]
    return [DoctorResult("threads", "ok", message, facts=facts)]


def backends() -> list[DoctorResult]:
    """Builds every kernel once."""
    catalog = load_catalog()
    rows, names = [], [kernel.name for kernel in kernels(catalog._replace(entries=()))]
    for entry in catalog.of(KernelSpec):
        spec, remedy = entry.spec, f"zoo plugins install --upgrade {entry.plugin.distribution}"
        try:
            actual_name = resolve(spec.factory)().name
        except (Exception, SystemExit) as error:
            message = f"{spec.name} of {entry.plugin.name}: {' '.join(str(error).split()):.300}"
            rows.append(DoctorResult("backends", "wrong", message, remedy))
            continue
        names.append(spec.name)
        if actual_name != spec.name:
            message = f"{spec.name} of {entry.plugin.name} calls itself {actual_name}"
            rows.append(DoctorResult("backends", "wrong", message, remedy))
    return [DoctorResult("backends", "ok", ", ".join(names), facts={"names": names}), *rows]


def hub() -> list[DoctorResult]:
    """Checks the Hub's address, whether there is a token (which is never shown), and the cache."""
    from pathlib import Path

    from huggingface_hub import constants, get_token

    token, offline = bool(get_token()), bool(constants.HF_HUB_OFFLINE)
    facts = {"endpoint": constants.ENDPOINT, "token": token, "offline": offline}
    message = f"{constants.ENDPOINT}, {'a token is there' if token else 'no token'}"
    cache = Path(constants.HF_HUB_CACHE)
    return [
        DoctorResult("hub", "ok", f"{message}{', offline' if offline else ''}", facts=facts),
        check_writable("cache", cache, "export HF_HOME=ANOTHER/FOLDER"),
    ]


CHECKS: tuple[Check, ...] = (torch_build, threads, backends, hub)
