"""Whether a checkpoint's model can be evaluated on the data that its run config names."""

from __future__ import annotations

from zoo_core.configs.settings import as_typed, option_words, settings_of
from zoo_core.errors import MisfitError
from zoo_core.escaping import shell_command
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec
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
        remedy += f", or train one: {_command_to_train(checkpoint)}"
    raise MisfitError(
        f"{model} was trained on {trained_on.describe_sizes()}; {dataset} gives "
        f"{data.describe_sizes()}: {remedy}"
    )


def _command_to_train(checkpoint: Checkpoint) -> str:
    """Returns the command that trains the checkpoint's model on the data of its run config."""
    run_config = checkpoint.run_config
    spec = checkpoint.catalog.find(DatasetSpec, run_config.name("dataset")).spec
    values = run_config.configs["dataset"]
    words = ["zoo", "train", run_config.model, "--dataset", run_config.dataset]
    for key, setting in settings_of(resolve(spec.config)).items():
        if key in values and as_typed(values[key]) != as_typed(setting.default):
            words += option_words(f"dataset.{key}", values[key])
    return shell_command(*words)
