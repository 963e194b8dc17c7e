"""Outputs as numbers and in words."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from zoo_core import Classes, Custom, Features, Keys, Signature, Tokens, Values, Vocabulary
from zoo_core.data.signature import Outputs
from zoo_core.errors import MisfitError
from zoo_core.runtime.datasets.answers import (
    in_words,
    measured_values,
    probabilities_of,
    to_json,
)
from zoo_core.runtime.nn import Output

SCALED = Values(2, names=("north", "south"), offset=(10.0, 0.0), scale=(2.0, 0.5))


def signature(outputs: Outputs) -> Signature:
    return Signature(inputs=Features(3), outputs=outputs)


def output(*numbers: Any) -> Output:
    return Output(torch.tensor([numbers], dtype=torch.float64), None)


@pytest.mark.parametrize(
    ("outputs", "numbers", "words"),
    [
        (Classes(3), (0.0, 2.0, 1.0), "1"),
        (Classes(3, names=("a", "b", "c")), (0.0, 2.0, 1.0), "b"),
        (Classes(2, per="step"), ((1.0, 0.0), (0.0, 1.0)), "0; 1"),
        (SCALED, (1.0, 3.0), "north 12 south 1.5"),
        (Values(1, per="step"), ((1.25,), (2.0,)), "1.25; 2"),
        (Values(1, quantiles=(0.1, 0.9)), (1.0, 2.0), "[1 2]"),
        (Keys(3, names=("c", "e", "g")), (1.0, -1.0, 0.5), "c g"),
        (Keys(2, per="step"), ((-1.0, -1.0), (1.0, 1.0)), "–; 0 1"),
    ],
    ids=str,
)
def test_an_output_in_words(outputs: Outputs, numbers: Any, words: str) -> None:
    assert in_words(signature(outputs), output(*numbers)) == words


def test_next_symbols_make_a_text() -> None:
    of = Signature(
        inputs=Tokens(2),
        outputs=Classes(2, per="step", next_token=True),
        vocabulary=Vocabulary.of("ab"),
    )
    assert in_words(of, output((0.0, 1.0), (1.0, 0.0))) == "ba"


def test_values_undo_offset_and_scale() -> None:
    numbers = measured_values(signature(SCALED), torch.tensor([[1.0, 3.0]]))
    assert torch.equal(numbers, torch.tensor([[12.0, 1.5]]))
    quantiles = Values(2, offset=(1.0, 0.0), scale=(2.0, 3.0), quantiles=(0.1, 0.5, 0.9))
    numbers = measured_values(signature(quantiles), torch.arange(6.0).view(1, 6))
    assert torch.equal(numbers, torch.tensor([[[1.0, 3.0, 5.0], [9.0, 12.0, 15.0]]]))


def test_json_has_the_numbers_of_values_and_keys() -> None:
    assert to_json(signature(SCALED), output(1.0, 3.0)) == {
        "values": [12.0, 1.5],
        "names": ["north", "south"],
    }
    assert to_json(signature(Keys(1)), output(0.0)) == {"probabilities": [0.5]}
    assert to_json(signature(Classes(2)), output(0.0, 1.0)) == {}


def test_what_has_no_values_or_probabilities_is_refused() -> None:
    logits = torch.zeros(1, 2)
    with pytest.raises(MisfitError, match="one of 2 labels per sequence, not values"):
        measured_values(signature(Classes(2)), logits)
    for outputs in (SCALED, Custom(2)):
        with pytest.raises(MisfitError, match="which has no probabilities"):
            probabilities_of(signature(outputs), logits)
    assert probabilities_of(signature(Keys(2)), logits).tolist() == [[0.5, 0.5]]
    assert probabilities_of(signature(Classes(2)), logits).tolist() == [[0.5, 0.5]]


def test_a_key_at_even_odds_is_not_predicted() -> None:
    logits = ((0.0, 0.1, -0.1), (0.2, 0.0, -3.0), (0.0, 0.0, -1.0))
    keys = signature(Keys(3, per="step", names=("a", "b", "c")))
    assert in_words(keys, output(*logits)) == "b; a; –"
