"""The cases that a model is looked at in: small, every setting varied once, every kind of data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import torch

from zoo_core.configs.settings import Setting, settings_of
from zoo_core.data.signature import Features, Grid, Inputs, Signature, Tokens
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import MisfitError, RefusedError
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.nn.batch import Batch
from zoo_core.testing.model_case import ModelCase
from zoo_core.testing.sample_values import needed_values

SYMBOLS, CLASSES = 6, 4
INPUTS: dict[str, tuple[Inputs, ...]] = {
    "tokens": (Tokens(SYMBOLS),),
    "features": (Features(SYMBOLS),),
    "grid": (Grid(1, (16,)), Grid(1, (8, 8)), Grid(2, (4, 6, 6))),
}
LARGE = 16
"""An integer above this is a width, which may as well be small."""
WIDTHS = ((7, 5, 9), (8, 8, 8))
"""Small widths that are all unlike each other, so that none passes for another; or all alike."""
STEPS = (5, 16, 64)


@cache
def model_cases(spec: ModelSpec) -> tuple[ModelCase, ...]:
    """The cases of a model: every kind of data, next symbols, then every setting varied."""
    plain = plain_cases(spec)
    varied = (case for each in plain for case in _varied(each))
    return (*plain, *_next_symbol_cases(plain), *varied)


def _next_symbol_cases(plain: tuple[ModelCase, ...]) -> Iterator[ModelCase]:
    """The plain cases of tokens with the next symbol as the label, where weights may be tied."""
    for case in plain:
        if case.signature.inputs.kind == "tokens":
            signature = replace(case.signature, classes=SYMBOLS, next_symbol=True)
            tried = replace(case, signature=signature)
            if not _refused(tried):
                yield fitted(tried)


@cache
def plain_cases(spec: ModelSpec) -> tuple[ModelCase, ...]:
    """A small model for every kind of data that the spec accepts."""
    return tuple(_plain_cases(spec))


def _plain_cases(spec: ModelSpec) -> Iterator[ModelCase]:
    for kind, per in product(spec.accepts, spec.per):
        vocabulary = Vocabulary(tuple("abcdef")) if kind == "tokens" else None
        how: Any = {"classes": CLASSES, "per": per, "vocabulary": vocabulary}
        cases = [ModelCase(spec, {}, Signature(inputs=each, **how)) for each in INPUTS[kind]]
        yield next((small for each in cases if (small := _small(each))), cases[0])


def fitted(case: ModelCase) -> ModelCase:
    """The case with as many steps as the model takes, in rows of unlike length if it can."""
    if case.signature.inputs.kind == "grid":
        return replace(case, free=False)
    if not _builds(case):
        return case
    if window := case.build().window:
        return replace(case, steps=window, free=False)
    tries = [replace(case, steps=steps) for steps in STEPS]
    uneven = (each for each in tries if _takes(each, uneven=True))
    even = (each for each in tries if _takes(each, uneven=False))
    return next(uneven, None) or next(even, case)


def _small(case: ModelCase) -> ModelCase | None:
    """The case with small widths if the model takes them, else as it is; None if it takes none."""
    known = settings_of(resolve(case.spec.config)).values()
    needed = needed_values(resolve(case.spec.config))
    wide = [e.key for e in known if type(e.default) is int and e.default > LARGE]
    for widths in (*WIDTHS, ()):
        sizes = {key: widths[n % len(widths)] for n, key in enumerate(wide)} if widths else {}
        tried = replace(case, settings=needed | sizes)
        if _builds(tried):
            return fitted(tried)
    return None


def _varied(case: ModelCase) -> Iterator[ModelCase]:
    """The case with each setting changed by itself, where the config and the model allow it."""
    for each in settings_of(resolve(case.spec.config)).values():
        for value in _others(each) if each.key not in case.settings else ():
            tried = replace(case, settings=case.settings | {each.key: value})
            if not _refused(tried):
                yield fitted(tried)


def _others(setting: Setting) -> list[Any]:
    """Values of a setting other than its default."""
    if setting.choices:
        return [each for each in setting.choices if each != setting.default]
    if setting.type is bool:
        return [not setting.default]
    if setting.type is int:
        start = setting.default if isinstance(setting.default, int) else 0
        return [each for each in (start + 1,) if setting.info.admits(each)]
    if setting.type is float:
        return [each for each in (0.5, 2.0) if setting.info.admits(each)][:1]
    return []


def _builds(case: ModelCase) -> bool:
    try:
        case.build()
    except Exception:
        return False
    return True


def _refused(case: ModelCase) -> bool:
    """Whether settings and data are said not to go together; other errors are for the checks."""
    try:
        case.build()
    except RefusedError:
        return True
    except Exception:
        return False
    return False


def _takes(case: ModelCase, *, uneven: bool) -> bool:
    """Whether the model answers, and refuses nothing."""
    batch = case.batch()
    lengths = torch.tensor([case.steps, case.steps // 2, case.steps - 1]) if uneven else None
    try:
        with torch.no_grad():
            case.build()(Batch(batch.inputs, lengths=lengths))
    except MisfitError:
        return False
    except Exception:
        return True
    return True
