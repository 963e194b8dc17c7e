"""The models of the catalog, each in the cases of the conformance checks and in some more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from zoo_core.configs.settings import settings_of
from zoo_core.plugins.catalog import CatalogEntry, load_catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import KernelSpec, ModelSpec
from zoo_core.testing.cases.model_case import ModelCase
from zoo_core.testing.cases.model_cases import model_cases, plain_cases, with_fitting_steps
from zoo_core.testing.check import Case

COMBINATIONS: tuple[dict[str, Any], ...] = (
    {"num_layers": 2, "dropout": 0.5},
    {"proj_size": 3},
    {"proj_size": 3, "num_layers": 2, "bidirectional": True},
    {"padding_idx": 0},
    {"linear_layers": 1},
    {"blocks": 1, "channels": 6},
    {"kernel_size": 2, "dilation": 2, "ceil_mode": True, "blocks": 1},
)
"""Settings that matter together, or at another value than the conformance checks try."""
CATALOG = load_catalog()
MODELS = [entry.spec for entry in CATALOG.of(ModelSpec)]
CORE_KERNELS = [
    KernelSpec(
        name=name,
        summary="A kernel of the core.",
        factory=factory,
        cells=("rnn-tanh", "rnn-relu", "lstm", "gru"),
    )
    for name, factory in {
        "portable": "zoo_core.runtime.kernels.portable.kernel:PortableKernel",
        "torch": "zoo_core.runtime.kernels.torch_layers:TorchKernel",
    }.items()
]
KERNELS_OF_PLUGINS = [entry.spec for entry in CATALOG.of(KernelSpec)]
KERNELS = [*CORE_KERNELS, *KERNELS_OF_PLUGINS]


def grouped(value: object, name: str, process: str, *marks: pytest.MarkDecorator) -> Any:
    """A parameter whose tests run in one process of pytest-xdist, which caches what they share."""
    return pytest.param(
        value, id=name.replace(" ", "-"), marks=[pytest.mark.xdist_group(process), *marks]
    )


FAMILIES = {
    "zoo-gates": "layer-norm-lstm",
    "zoo-linear": "lru",
    "zoo-deep": "deep",
    "zoo-matrix": "mlstm",
    "zoo-seq2seq": "seq2seq-attention",
}
"""Plugins whose models differ in their cells alone, and the model that is checked in every setting;
the others are so in the slow tests, and elsewhere in their plain cases."""


def mark_of(entry: CatalogEntry[ModelSpec]) -> list[pytest.MarkDecorator]:
    """The mark of the tests of a model in every setting, if another of its family stands for it."""
    stands_for_it = FAMILIES.get(entry.plugin.name, entry.spec.name)
    return [] if stands_for_it == entry.spec.name else [pytest.mark.slow]


every_model = pytest.mark.parametrize(
    "model",
    [
        grouped(entry.spec, entry.spec.name, f"model {entry.spec.name}", *mark_of(entry))
        for entry in CATALOG.of(ModelSpec)
    ],
)


SAME_NETWORK = {
    "char-rnn": "rnn-embed",
    "char-seq-rnn": "rnn-embed",
    "rnn-cell": "rnn-stacked",
    "rnn-scratch": "rnn-stacked",
    "gru-manual": "gru-stacked",
    "lstm-manual": "lstm-stacked",
    "lstm-scratch": "lstm-stacked",
}
"""Models that are, in their first plain case, the network of another one under names of its own.

``test_models.py`` compares them.
"""

every_network = pytest.mark.parametrize(
    "model",
    [
        pytest.param(
            entry.spec,
            id=entry.spec.name,
            marks=[pytest.mark.slow] if entry.spec.name in SAME_NETWORK else mark_of(entry),
        )
        for entry in CATALOG.of(ModelSpec)
    ],
)
"""``every_model`` without those that are the network of another, which the slow tests have too."""


@cache
def combined_cases(spec: ModelSpec) -> list[ModelCase]:
    """The cases in which settings of a model are changed together."""
    known = settings_of(resolve(spec.config)).keys()
    return [
        with_fitting_steps(replace(case, settings=case.settings | settings))
        for case in plain_cases(spec)
        for settings in COMBINATIONS
        if settings.keys() <= known
    ]


@cache
def all_cases(spec: ModelSpec) -> list[ModelCase]:
    """Every case of a model: those of the conformance checks, and the combinations."""
    return [*model_cases(spec), *combined_cases(spec)]


def failures(cases: Iterable[Case], check: Callable[[Any], object]) -> dict[str, object]:
    """What a check finds wrong in each of the cases, by the case in words.

    Args:
        cases: What to check.
        check: Returns what is wrong with a case; anything that is false means nothing is.
    """
    problems = {case.label(): check(case) for case in cases}
    return {label: problem for label, problem in problems.items() if problem}
