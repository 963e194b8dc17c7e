"""Signatures: JSON, words, and values that are not a signature."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from zoo_core.data.signature import (
    INPUTS,
    Classes,
    Features,
    Grid,
    Inputs,
    Signature,
    Tokens,
    Values,
)
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import DataError, IntegrityError

ELOH = Vocabulary.of("hello")
TOKENS = Signature(
    inputs=Tokens(4), outputs=Classes(4, per="step", next_token=True), vocabulary=ELOH
)
FEATURES = Signature(inputs=Features(6), outputs=Classes(3, per="sequence"))
GRID = Signature(inputs=Grid(2, (28, 30)), outputs=Classes(10, per="sequence"))


@pytest.mark.parametrize("signature", [TOKENS, FEATURES, GRID])
def test_a_signature_survives_json(signature: Signature) -> None:
    assert Signature.from_json(json.loads(json.dumps(signature.to_json()))) == signature


def test_json_holds_the_symbols_as_a_list() -> None:
    assert TOKENS.to_json()["vocabulary"] == ["e", "h", "l", "o"]


@pytest.mark.parametrize(("signature", "size"), [(TOKENS, 4), (FEATURES, 6), (GRID, 2)])
def test_the_input_size_is_tokens_features_or_channels(signature: Signature, size: int) -> None:
    assert signature.input_size == size


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        (TOKENS, "tokens with a label per step"),
        (FEATURES, "features with a label per sequence"),
        (GRID, "grid with a label per sequence"),
    ],
)
def test_describe_names_inputs_and_labels(signature: Signature, words: str) -> None:
    assert signature.describe() == words


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        (TOKENS, "tokens from 4 symbols, the next of 4 symbols per step"),
        (FEATURES, "6 features, one of 3 labels per sequence"),
        (GRID, "a grid of 2 × 28 × 30, one of 10 labels per sequence"),
    ],
)
def test_describe_sizes_has_the_sizes_too(signature: Signature, words: str) -> None:
    assert signature.describe_sizes() == words


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": Grid(2, (28, 28))},
        {"inputs": Features(2)},
        {"outputs": Classes(2)},
        {"outputs": Classes(10, per="step")},
    ],
    ids=str,
)
def test_other_sizes_or_labels_do_not_fit(change: dict[str, Any]) -> None:
    assert not GRID.fits(replace(GRID, **change))


def test_another_vocabulary_of_the_same_size_fits() -> None:
    assert TOKENS.fits(replace(TOKENS, vocabulary=Vocabulary.of("abcd")))
    assert not TOKENS.fits(replace(TOKENS, outputs=replace(TOKENS.outputs, next_token=False)))


@pytest.mark.parametrize("inputs", [Tokens(1), Features(1), Grid(1, (1,))])
def test_every_kind_of_inputs_has_its_class(inputs: Inputs) -> None:
    assert INPUTS[inputs.kind] is type(inputs)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("inputs", None),
        ("inputs", "tokens"),
        ("inputs", {"size": 4}),
        ("inputs", {"kind": "sounds", "size": 4}),
        ("inputs", {"kind": "tokens"}),
        ("inputs", {"kind": "tokens", "size": 4, "sizes": [4]}),
        ("inputs", {"kind": "tokens", "size": "4"}),
        ("inputs", {"kind": "grid", "channels": 1, "sizes": 4}),
        ("outputs", None),
        ("outputs", {"size": 4}),
        ("outputs", {"kind": "classes"}),
        ("outputs", {"kind": "colours", "size": 4}),
        ("outputs", {"kind": "classes", "size": "many"}),
        ("outputs", {"kind": "classes", "size": float("inf")}),
        ("outputs", {"kind": "classes", "size": 4, "per": "word"}),
        ("outputs", {"kind": "classes", "size": 4, "names": ["a"]}),
        ("outputs", {"kind": "values", "size": 4, "scale": [1.0]}),
        ("outputs", {"kind": "classes", "size": 5, "next_token": True}),
        ("vocabulary", 4),
        ("vocabulary", []),
        ("vocabulary", ["a", "b", "a"]),
        ("vocabulary", ["a", 1]),
    ],
)
def test_a_wrong_value_is_an_error(key: str, value: Any) -> None:
    with pytest.raises(IntegrityError, match=r"^not a signature: "):
        Signature.from_json(TOKENS.to_json() | {key: value})


@pytest.mark.parametrize("key", TOKENS.to_json())
def test_a_missing_key_is_an_error_that_names_it(key: str) -> None:
    values = TOKENS.to_json()
    del values[key]
    with pytest.raises(IntegrityError, match=f"^not a signature: {key} is missing"):
        Signature.from_json(values)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": 3}, r"^inputs = 3: expected Tokens, Features or Grid, such as Features\(3\)$"),
        ({"inputs": Classes(2)}, r"^inputs = Classes\(size=2.*: expected Tokens, Features or Grid"),
        ({"outputs": 4}, "^outputs = 4: expected Classes, Values, Keys or Custom, such as "),
        ({"outputs": Features(2)}, r"^outputs = Features\(size=2.*: expected Classes, Values"),
    ],
)
def test_a_signature_of_something_else_says_what_is_expected(
    arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        Signature(**{"inputs": Features(3), "outputs": Classes(2), **arguments})


@pytest.mark.parametrize(
    "part",
    [
        {"inputs": Tokens(0)},
        {"inputs": Tokens(cast("int", "5"))},
        {"inputs": Grid(1, (4, -2))},
        {"inputs": Grid(0, (4,))},
        {"outputs": Values(0)},
        {"outputs": Classes(cast("int", 2.0))},
    ],
)
def test_a_size_is_an_integer_from_1_on(part: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"^\w+\(.*: expected integers >= 1 as sizes$"):
        Signature(**{"inputs": Features(3), "outputs": Classes(2), **part})


def test_sizes_of_other_programs_are_checked_too() -> None:
    values = TOKENS.to_json() | {"outputs": {"kind": "classes", "size": 0}}
    with pytest.raises(IntegrityError, match="expected integers >= 1 as sizes"):
        Signature.from_json(values)
    assert Signature(inputs=Features(cast("int", np.int64(3))), outputs=Classes(2))


@pytest.mark.parametrize(
    ("names", "elapsed"),
    [(("x", "elapsed"), 1), (("elapsed",), None), (("x", "y"), None), ((), None)],
)
def test_the_time_since_the_step_before_is_a_feature_beside_others(
    names: tuple[str, ...], elapsed: int | None
) -> None:
    assert Features(len(names) or 2, names=names).elapsed == elapsed


@pytest.mark.parametrize(("quantiles", "width"), [((), 3), ((0.1, 0.5), 6)])
def test_a_model_computes_a_number_for_each_quantile(
    quantiles: tuple[float, ...], width: int
) -> None:
    assert Values(3, quantiles=quantiles).width == width
