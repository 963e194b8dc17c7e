"""Whether a checkpoint's model can be evaluated on the data that its run config names."""

from __future__ import annotations

from zoo_core.errors import MisfitError
from zoo_core.runtime.building.build import model_accepts
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint


def check_fit(checkpoint: Checkpoint) -> None:
    """Checks that a checkpoint's model can be evaluated on the data of its run config.

    Raises:
        MisfitError: The data has other inputs, sizes or labels than the data it was trained on.
    """
    trained_on, data = checkpoint.signature, checkpoint.dataset.signature
    if data.fits(trained_on):
        return
    model, dataset = checkpoint.run_config.model, checkpoint.run_config.dataset
    remedy = "evaluate it on data like its own"
    if model_accepts(checkpoint.catalog, checkpoint.run_config, data):
        remedy += f", or train one: zoo train {model} --dataset {dataset}"
    raise MisfitError(
        f"{model} was trained on {trained_on.describe_sizes()}; {dataset} gives "
        f"{data.describe_sizes()}: {remedy}"
    )
