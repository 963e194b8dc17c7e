"""Making the cell of an installed model, for a model that builds on any cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from zoo_core.data.signature import Classes, Features, Inputs, Per, Signature, Tokens
from zoo_core.errors import ConfigError
from zoo_core.plugins.cells import cell_config, find_cell
from zoo_core.plugins.import_strings import make
from zoo_core.runtime.nn.cell import AbstractCell
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.recurrent import Recurrent


def make_cell(name: str, settings: Sequence[str], width: int) -> AbstractCell[Any]:
    """Returns the cell of an installed model, which is built for its cell alone.

    The random numbers of its weights come from elsewhere, so that the weights of the model that
    takes the cell do not depend on them.

    Args:
        name: The name of the model or of its cell.
        settings: The settings of the cell: ``max_radius=0.9``.
        width: H, the width of the cell's state.

    Raises:
        ConfigError: The model has no recurrent layer, or several, or a setting is not allowed.
        NotFoundError: No plugin has the name.
    """
    spec = find_cell(name).spec
    inputs: Inputs = Features(width) if "features" in spec.accepts else Tokens(2)
    per: Per = "step" if "step" in spec.per else "sequence"
    signature = Signature(inputs=inputs, outputs=Classes(2, per=per))
    config = cell_config(spec, settings, width)
    with torch.random.fork_rng([]):
        model: AbstractModel = make(spec.factory, AbstractModel, config, signature)
    layers = [module for module in model.modules() if isinstance(module, Recurrent)]
    if len(layers) != 1:
        count = f"{len(layers)} recurrent layers" if layers else "no recurrent layer"
        raise ConfigError(f"model.cell = {name!r}: {spec.name} has {count}, and one cell is needed")
    return layers[0].cell
