"""What is built of a sweep's runs before the first of them begins."""

from __future__ import annotations

from zoo_core.errors import ZooError
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.building.build import (
    make_dataset,
    make_model,
    make_trainer,
    training_signature,
)
from zoo_core.runtime.building.kernel_choice import kernels
from zoo_core.runtime.hardware.device import choose_device
from zoo_core.runtime.hardware.threads import choose_threads, torch_threads
from zoo_core.sweeps.question import PlannedRun


def check_data(catalog: Catalog, run: PlannedRun) -> None:
    """Checks that a run has data and a trainer that trains on them.

    Args:
        catalog: The installed plugins.
        run: The run.

    Raises:
        ZooError: What the run itself would raise.
    """
    dataset = make_dataset(catalog, run.run_config, None)
    if not run.run_config.source:  # a source decides the signature
        make_trainer(catalog, run.run_config, dataset.signature)


def check_machine(catalog: Catalog, device: str, backend: str) -> None:
    """Checks that this machine has a device, and a backend.

    Raises:
        DeviceError: It lacks the device.
        NotFoundError: No kernel has the backend's name.
        PluginError: The kernel of that name is not installed, or cannot be created.
    """
    choose_device(device)
    kernels(catalog, backend)


def threads_alone(catalog: Catalog, run: PlannedRun, cores: int) -> int:
    """Returns the threads of torch that a run chooses on a number of cores.

    A run that cannot be built, which its training reports, has one.

    Args:
        catalog: The installed plugins.
        run: The run.
        cores: The cores.
    """
    try:
        dataset = make_dataset(catalog, run.run_config, None)
        signature = training_signature(catalog, run.run_config, dataset)
        trainer = make_trainer(catalog, run.run_config, signature)
        model = make_model(catalog, run.run_config, dataset.signature)
        batch = next(dataset.batches("train", trainer.config.batch_size, run.seed, epoch=1))
        with torch_threads(cores):
            return choose_threads(0, model, batch.inputs, dataset.signature)
    except ZooError:
        return 1
