"""Weights in 8-bit integers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from zoo_core import Classes, Signature, Tokens, create_model
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.runtime.generation import int8
from zoo_core.runtime.generation.int8 import (
    Int8Rows,
    at_precision,
    round_rows,
    with_int8_weights,
)
from zoo_core.runtime.hardware.device import precision_context
from zoo_core.runtime.nn import RecurrentModel
from zoo_core.runtime.nn.batch import Batch

TIED = {"tie_weights": True, "embedding_size": 9, "hidden_size": 9}
SIGNATURE = Signature(inputs=Tokens(7), outputs=Classes(7, per="step", next_token=True))


def test_a_row_is_rounded_to_the_nearest_integers_times_its_scale() -> None:
    weight = torch.tensor([[1.27, -0.004, 0.006], [0.0, 0.0, 0.0], [-2.54, 0.011, 1.27]])
    rounded = round_rows(weight.double())
    assert rounded.integers.tolist() == [[127, 0, 1], [0, 0, 0], [-127, 1, 64]]
    assert rounded.integers.dtype == torch.int8
    torch.testing.assert_close(
        rounded.scales, torch.tensor([0.01, 0.0, 0.02]).double(), rtol=1e-6, atol=0
    )


def test_no_number_is_further_from_its_own_than_half_a_scale() -> None:
    weight = torch.randn(31, 17, generator=torch.Generator().manual_seed(0))
    rounded = round_rows(weight)
    error = (rounded.widened() - weight).abs()
    assert bool((error <= rounded.scales.unsqueeze(1) * 0.5001).all())


def test_what_is_rounded_already_stays() -> None:
    weight = round_rows(torch.randn(31, 17, generator=torch.Generator().manual_seed(0)))
    again = round_rows(weight.widened())
    assert torch.equal(again.integers, weight.integers)
    torch.testing.assert_close(again.scales, weight.scales, rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", ["lstm-embed", "gru-stacked", "mgu", "lstm-embed tied"])
def test_every_matrix_is_rounded_and_the_model_stays(name: str) -> None:
    settings = {"model": TIED} if "tied" in name else {}
    model = create_model(
        name.split(maxsplit=1)[0], signature=SIGNATURE, seed=1, settings=settings
    ).eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    rounded = with_int8_weights(model)
    for key, value in rounded.state_dict().items():
        assert torch.equal(before[key], model.state_dict()[key])
        expected = round_rows(before[key]).widened() if value.dim() == 2 else before[key]
        assert torch.equal(value, expected)
    batch = Batch(torch.tensor([[1, 2, 3]]))
    difference = (rounded(batch).logits - model(batch).logits).abs().max()
    assert 0 < difference < 0.05


def test_a_tied_weight_stays_tied() -> None:
    model = create_model("lstm-embed", signature=SIGNATURE, settings={"model": TIED})
    rounded = with_int8_weights(model)
    assert isinstance(rounded, RecurrentModel)
    assert rounded.embedding is not None
    assert rounded.output.weight is rounded.embedding.weight


def test_weights_are_rounded_once_for_many_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    rounded = []

    def counted(weight: Tensor) -> Int8Rows:
        rounded.append(weight)
        return round_rows(weight)

    monkeypatch.setattr(int8, "round_rows", counted)
    model = create_model("lstm-stacked", signature=SIGNATURE)
    first, second = (at_precision(model, "int8")[0] for _ in range(2))
    assert len(rounded) == 3  # the weights of the input, the state and the output
    assert all(map(torch.equal, first.parameters(), second.parameters()))


def test_weights_that_changed_in_any_way_are_rounded_again() -> None:
    model = create_model("lstm-stacked", signature=SIGNATURE)
    parameters = list(model.parameters())
    for change in (
        lambda: parameters[0].data.add_(1),
        lambda: parameters[1].detach().numpy().fill(0.5),  # counted by nobody
        model.double,
    ):
        at_precision(model, "int8")
        change()
        expected = with_int8_weights(model).parameters()
        actual = at_precision(model, "int8")[0].parameters()
        for pair in zip(actual, expected, strict=True):
            torch.testing.assert_close(*pair, rtol=0, atol=0)


def test_a_change_of_a_rounded_model_is_in_no_other() -> None:
    model = create_model("lstm-stacked", signature=SIGNATURE)
    changed = at_precision(model, "int8")[0]
    for parameter in changed.parameters():
        parameter.data.fill_(7)
    other = at_precision(model, "int8")[0]
    assert not any(bool((parameter == 7).any()) for parameter in other.parameters())


@pytest.mark.parametrize("name", ["deep", "s4d"])
def test_a_model_with_other_matrices_than_weights_is_refused(name: str) -> None:
    model = create_model(name, signature=SIGNATURE)
    with pytest.raises(MisfitError, match="precision = int8: the weights of this model cannot"):
        at_precision(model, "int8")


def test_training_in_8_bits_is_refused() -> None:
    with pytest.raises(ConfigError, match="precision = int8: no model is trained in 8 bits"):
        precision_context("int8", "cpu")
