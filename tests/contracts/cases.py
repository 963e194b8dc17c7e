"""Every model of the catalog in the cases of the conformance checks, and in some more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from zoo_core.configs.settings import settings_of
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import KernelSpec, ModelSpec
from zoo_core.testing.model_case import ModelCase
from zoo_core.testing.model_cases import fitted, model_cases, plain_cases

COMBINATIONS: tuple[dict[str, Any], ...] = (
    {"num_layers": 2, "dropout": 0.5},
    {"proj_size": 3},
    {"proj_size": 3, "num_layers": 2, "bidirectional": True},
    {"padding_idx": 0},
    {"linear_layers": 1},
    {"blocks": 1, "channels": 6},
    {"kernel_size": 2, "dilation": 2, "ceil_mode": True, "blocks": 1},
)
"""Settings that matter together, or at another value than the checks vary them to."""


def _combined(spec: ModelSpec) -> Iterator[ModelCase]:
    known = settings_of(resolve(spec.config)).keys()
    for case in plain_cases(spec):
        for settings in COMBINATIONS:
            if settings.keys() <= known:
                yield fitted(replace(case, settings=case.settings | settings))


def label(case: ModelCase) -> str:
    """The case in words, with the model's name."""
    return f"{case.spec.name}: {case.label()}"


SPECS = [entry.spec for entry in load_catalog().of(ModelSpec)]
COMBINED = [case for spec in SPECS for case in _combined(spec)]
CASES = [*(case for spec in SPECS for case in model_cases(spec)), *COMBINED]
BACKENDS = ["portable", "torch", *(spec.name for _, spec in load_catalog().of(KernelSpec))]
