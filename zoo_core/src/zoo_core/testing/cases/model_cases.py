"""The cases of a model: small sizes, every kind of data, every setting changed once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import cycle, product
from typing import Any

import torch

from zoo_core.configs.settings import Setting, settings_of
from zoo_core.data.signature import Classes, Features, Grid, Inputs, Signature, Tokens
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import MisfitError, RefusedError
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.testing.cases.model_case import ModelCase
from zoo_core.testing.cases.sample_values import needed_values

SYMBOLS, CLASSES = 6, 4
INPUTS: dict[str, tuple[Inputs, ...]] = {
    "tokens": (Tokens(SYMBOLS),),
    "features": (Features(SYMBOLS),),
    "grid": (Grid(1, (16,)), Grid(1, (8, 8)), Grid(2, (4, 6, 6))),
}
CONTEXTS: tuple[dict[str, Inputs], ...] = ({}, {"source": Tokens(SYMBOLS)})
"""Further inputs to try for a model that takes some."""
WIDTH_THRESHOLD = 16
"""A larger integer default is taken for a width, which the cases reduce."""
WIDTHS = ((7, 5, 9), (8, 8, 8))
"""Small widths to try: first different ones, so that no width is mistaken for another."""
STEPS = (5, 16, 64)
"""Numbers of steps to try."""


@cache
def model_cases(spec: ModelSpec) -> tuple[ModelCase, ...]:
    """Returns the cases of a model: every kind of data, next symbols, every setting changed."""
    plain = plain_cases(spec)
    changed = (variant for case in plain for variant in _changed_settings(case))
    return (*plain, *_next_symbol_cases(plain), *changed)


def _next_symbol_cases(plain: tuple[ModelCase, ...]) -> Iterator[ModelCase]:
    """Yields the cases of tokens with the next symbol as the label, where weights may be tied."""
    for case in plain:
        if case.signature.inputs.kind == "tokens":
            signature = replace(
                case.signature,
                outputs=Classes(SYMBOLS, per=case.signature.outputs.per, next_token=True),
            )
            if variant := _accepted(replace(case, signature=signature)):
                yield variant


@cache
def plain_cases(spec: ModelSpec) -> tuple[ModelCase, ...]:
    """Returns a small model for every kind of data that the spec accepts."""
    return tuple(_plain_case(spec, kind, per) for kind, per in product(spec.accepts, spec.per))


def _plain_case(spec: ModelSpec, kind: str, per: Any) -> ModelCase:
    """Returns a small model for the first inputs of a kind with which the model can be built."""
    vocabulary = Vocabulary(tuple("abcdef")) if kind == "tokens" else None
    cases = [
        ModelCase(
            spec,
            {},
            Signature(
                inputs=inputs,
                outputs=Classes(CLASSES, per=per),
                vocabulary=vocabulary,
                context=context,
            ),
        )
        for inputs, context in product(INPUTS[kind], CONTEXTS if spec.context else ({},))
    ]
    for case in cases:
        if small := _small_case(case):
            return small
    return cases[0]


def with_fitting_steps(case: ModelCase) -> ModelCase:
    """Returns the case with a number of steps that the model accepts.

    That is the model's window, or else the first of ``STEPS`` that works with rows of different
    lengths, or else the first that works with rows of one length.
    """
    try:
        return _fitted(case, case.build())
    except Exception:
        return case


def _fitted(case: ModelCase, model: AbstractModel) -> ModelCase:
    """Returns the case with a number of steps that its model accepts."""
    if case.signature.inputs.kind == "grid":
        return replace(case, free=False)
    if model.window:
        return replace(case, steps=model.window, free=False)
    variants = [replace(case, steps=steps) for steps in STEPS]
    for uneven in (True, False):
        for variant in variants:
            if _accepts_batch(variant, model, uneven=uneven):
                return variant
    return case


def _accepted(case: ModelCase) -> ModelCase | None:
    """Returns the case with steps that fit; None if the model rejects its settings or data.

    The checks report other errors.
    """
    try:
        model = case.build()
    except RefusedError:
        return None
    except Exception:
        return replace(case, free=False) if case.signature.inputs.kind == "grid" else case
    return _fitted(case, model)


def _small_case(case: ModelCase) -> ModelCase | None:
    """Returns the case with small widths, or with its own; None if the model cannot be built."""
    config = resolve(case.spec.config)
    widths = [
        setting.key
        for setting in settings_of(config).values()
        if type(setting.default) is int and setting.default > WIDTH_THRESHOLD
    ]
    reduced = [dict(zip(widths, cycle(values), strict=False)) for values in WIDTHS]
    for sizes in (*reduced, {}):
        variant = replace(case, settings=needed_values(config) | sizes)
        if _can_build(variant):
            return with_fitting_steps(variant)
    return None


def _changed_settings(case: ModelCase) -> Iterator[ModelCase]:
    """Yields the case with each setting changed by itself, where config and model allow it."""
    for setting in settings_of(resolve(case.spec.config)).values():
        if setting.key in case.settings:
            continue
        for value in _other_values(setting):
            settings = case.settings | {setting.key: value}
            if variant := _accepted(replace(case, settings=settings)):
                yield variant


def _other_values(setting: Setting) -> list[Any]:
    """Returns valid values of a setting other than its default: all choices, or one value."""
    if setting.choices:
        return [choice for choice in setting.choices if choice != setting.default]
    if setting.type is bool:
        return [not setting.default]
    candidates: tuple[float, ...] = ()
    if setting.type is int:
        candidates = (setting.default + 1 if isinstance(setting.default, int) else 1,)
    elif setting.type is float:
        candidates = (0.5, 2.0)
    return [value for value in candidates if setting.info.admits(value)][:1]


def _can_build(case: ModelCase) -> bool:
    try:
        case.build()
    except Exception:
        return False
    return True


def _accepts_batch(case: ModelCase, model: AbstractModel, *, uneven: bool) -> bool:
    """Returns whether a model accepts the batch of a case; the checks report other errors.

    Args:
        case: The batch.
        model: The model.
        uneven: Whether the rows have different lengths.
    """
    batch = case.batch()
    lengths = torch.tensor([case.steps, case.steps // 2, case.steps - 1]) if uneven else None
    try:
        with torch.no_grad():
            model(batch._replace(targets=None, lengths=lengths))
    except MisfitError:
        return False
    except Exception:
        return True
    return True
