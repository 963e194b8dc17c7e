"""``zoo_core.create_model``."""

from __future__ import annotations

import torch

from zoo_core.arguments import check_arguments
from zoo_core.data.signature import Signature
from zoo_core.errors import ConfigError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.api.arguments import WORDS, Settings
from zoo_core.runtime.api.checkpoints import load
from zoo_core.runtime.building.build import (
    make_dataset,
    make_model,
    make_trainer,
    training_signature,
)
from zoo_core.runtime.hardware.torch_state import kept_random_state
from zoo_core.runtime.nn.model import AbstractModel


@check_arguments(WORDS)
def create_model(
    name: str,
    *,
    pretrained: bool = False,
    signature: Signature | None = None,
    settings: Settings | None = None,
    seed: int = 0,
) -> AbstractModel:
    """Returns a model by name.

    Args:
        name: ``model``, or ``model.tag`` for the settings of a recipe.
        pretrained: Load the registry's checkpoint of that name, one of ``list_checkpoints``; it
            has its signature and settings.
        signature: The inputs and outputs; by default those of the recipe's dataset.
        settings: Settings by section, which override the recipe's:
            ``{"model": {"hidden_size": 64}}``.
        seed: The seed of the initial weights.

    Raises:
        NotFoundError: There is no such model, recipe or pretrained checkpoint.
        ConfigError: A setting or the seed is unknown, of the wrong type or out of bounds, or the
            model is pretrained and has its own.
        MisfitError: The model does not take such a signature.
    """
    if pretrained:
        for argument, value in {"signature": signature, "settings": settings}.items():
            if value:
                raise ConfigError(f"{argument}: a pretrained model has its own; leave it out")
        return load(name).model
    catalog = load_catalog()
    run_config = resolve_run(catalog, name).run_config(settings, seed=seed)
    if signature is None:
        dataset = make_dataset(catalog, run_config, None)
        data = training_signature(catalog, run_config, dataset)
        signature = make_trainer(catalog, run_config, data).model_signature(data)
    with kept_random_state():
        torch.manual_seed(run_config.seed)
        return make_model(catalog, run_config, signature)
