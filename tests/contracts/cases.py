"""Every model of the catalog, in its variations, with every kind of data it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import product
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from zoo_core.catalog import load_catalog
from zoo_core.errors import MisfitError
from zoo_core.imports import resolve
from zoo_core.runtime.batch import Batch
from zoo_core.runtime.model import AbstractModel
from zoo_core.signature import Inputs, Per

from zoo_core import Features, Grid, KernelSpec, ModelSpec, Signature, Tokens, Vocabulary

V, C, B, T = 6, 4, 3, 5
INPUTS: dict[str, tuple[Inputs, ...]] = {
    "tokens": (Tokens(V),),
    "features": (Features(V),),
    "grid": (Grid(1, (8, 8)), Grid(2, (4, 6, 6))),
}
SMALL = {
    "hidden_size": 7,
    "embedding_size": 5,
    "blocks": 1,
    "channels": 6,
    "classifier_size": 9,
}
VARIATIONS: tuple[dict[str, Any], ...] = (
    {},
    {"num_layers": 2},
    {"num_layers": 2, "dropout": 0.5},
    {"bidirectional": True},
    {"reset_after": False},
    {"bias": False},
    {"nonlinearity": "relu"},
    {"proj_size": 3},
    {"proj_size": 3, "num_layers": 2, "bidirectional": True},
    {"padding_idx": 0},
    {"max_norm": 0.5},
    {"scale_grad_by_freq": True},
    {"recurrent_initializer": "identity"},
    {"pool": "average"},
    {"padding_mode": "replicate"},
    {"linear_layers": 1},
    {"linear_layers": 3},
    {"kernel_size": 2, "dilation": 2, "ceil_mode": True},
)


class Case(NamedTuple):
    """A model, one way to configure it, one kind of data."""

    spec: ModelSpec
    settings: dict[str, Any]
    signature: Signature

    def label(self) -> str:
        """The case in words."""
        varied = [f"{key}={each}" for key, each in self.settings.items() if key not in SMALL]
        inputs = self.signature.inputs
        sizes = len(inputs.sizes) if isinstance(inputs, Grid) else ""
        kind = f"{inputs.kind}{sizes}-per-{self.signature.per}"
        return "-".join([self.spec.name, kind, *varied])

    def build(self, seed: int = 0) -> AbstractModel:
        """The model, in evaluation mode and float64."""
        torch.manual_seed(seed)
        config = resolve(self.spec.config)(**self.settings)
        model: AbstractModel = resolve(self.spec.factory)(config, self.signature)
        return model.double().eval()

    @property
    def window(self) -> int | None:
        """How many steps the model must be fed, if it takes no other number."""
        return self.build().window

    def batch(self, rows: int = B, steps: int = T, dtype: torch.dtype = torch.float64) -> Batch:
        """Random inputs and targets; a model of a fixed window gets that many steps."""
        steps = self.window or steps
        generator = torch.Generator().manual_seed(1)
        shape = (rows, steps) if self.signature.per == "step" else (rows,)
        targets = torch.randint(C, shape, generator=generator)
        return Batch(self._inputs(rows, steps, dtype, generator), targets)

    def _inputs(
        self, rows: int, steps: int, dtype: torch.dtype, generator: torch.Generator
    ) -> Tensor:
        match self.signature.inputs:
            case Tokens():
                return torch.randint(V, (rows, steps), generator=generator)
            case Features():
                return torch.randn(rows, steps, V, generator=generator, dtype=dtype)
            case Grid(channels, sizes):
                return torch.randn(rows, channels, *sizes, generator=generator, dtype=dtype)


def _cases() -> Iterator[Case]:
    for _, spec in load_catalog().of(ModelSpec):
        known = {field.name for field in fields(resolve(spec.config))}
        small = {key: value for key, value in SMALL.items() if key in known}
        varied = [each for each in VARIATIONS if each.keys() <= known]
        for kind, per, settings in product(spec.accepts, spec.per, varied):
            signature = Signature(
                inputs=Tokens(V),
                classes=C,
                per=cast(Per, per),
                vocabulary=Vocabulary(tuple("abcdef")) if kind == "tokens" else None,
            )
            yield from _fitting(spec, small | settings, signature, kind)


def _fitting(
    spec: ModelSpec, settings: dict[str, Any], signature: Signature, kind: str
) -> Iterator[Case]:
    """The case, with the grid of as many sizes as the model takes."""
    fitting = []
    for inputs in INPUTS[kind]:
        case = Case(spec, settings, replace(signature, inputs=inputs))
        try:
            case.build()
        except MisfitError:
            continue
        fitting.append(case)
    assert len(fitting) == 1, f"{spec.name} takes no grid of {kind}, or several"
    yield from fitting


CASES = list(_cases())
BACKENDS = ["torch", *(spec.name for _, spec in load_catalog().of(KernelSpec))]
