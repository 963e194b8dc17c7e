"""The weights of a model by name; names that share one tensor (tied weights) count once."""

from __future__ import annotations

import torch
from torch import Tensor

from zoo_core.errors import IntegrityError


def weights_of(model: torch.nn.Module) -> dict[str, Tensor]:
    """Returns the weights of a model by name; of names that share one tensor, the first only.

    The first is the one that sorts first, as in ``safetensors.torch.save_model``.
    """
    weights: dict[str, Tensor] = dict(model.state_dict())
    for names in _tied_names(weights):
        for name in names[1:]:
            del weights[name]
    return weights


def _tied_names(tensors: dict[str, Tensor]) -> list[list[str]]:
    """Returns the groups of names that stand for one and the same tensor, each sorted."""
    groups: dict[object, list[str]] = {}
    for name in sorted(tensors):
        tensor = tensors[name]
        if tensor.numel():  # every empty tensor has the address 0
            memory = (tensor.device, tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype)
            groups.setdefault(memory, []).append(name)
    return [names for names in groups.values() if len(names) > 1]


def load_weights(model: torch.nn.Module, weights: dict[str, Tensor], source: object) -> None:
    """Loads weights into a model.

    Of names that share one tensor in the model, any one is enough.

    Raises:
        IntegrityError: Tensors are missing, unexpected, of another shape, or unlike each other
            although they are one tensor in the model; it lists all of them.
    """
    state_dict = model.state_dict()
    weights = dict(weights)
    wrong = []
    for names in _tied_names(state_dict):
        first, *others = [name for name in names if name in weights] or [""]
        wrong += [
            f"{name} differs from {first}, with which it is tied"
            for name in others
            if not torch.equal(weights[name], weights[first])
        ]
        if first:
            weights |= {name: weights[first] for name in names if name not in weights}
    expected = {name: tuple(tensor.shape) for name, tensor in state_dict.items()}
    given = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    wrong += [f"{name} is missing" for name in expected.keys() - given.keys()]
    wrong += [f"{name} is unexpected" for name in given.keys() - expected.keys()]
    wrong += [
        f"{name} is {given[name]}, not {shape}"
        for name, shape in expected.items()
        if name in given and given[name] != shape
    ]
    if wrong:
        raise IntegrityError(f"the weights of {source} do not fit: {'; '.join(sorted(wrong))}")
    model.load_state_dict(weights)
