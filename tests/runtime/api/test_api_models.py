"""``zoo_core.create_model``."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import zoo_core
from zoo_core import Classes, Features, Signature, Tokens
from zoo_core.errors import (
    ConfigError,
    MisfitError,
    NotFoundError,
)


def test_a_model_by_name_has_the_shape_of_its_recipes_data() -> None:
    model = zoo_core.create_model("lstm-embed")
    assert model.signature.vocabulary is not None
    assert model.signature.vocabulary.symbols == ("e", "h", "l", "o")
    assert model.state_dict()["recurrent.weight_hh_l0"].shape == (16, 4)


def test_a_model_of_a_seed_out_of_bounds_is_refused() -> None:
    with pytest.raises(ConfigError, match="seed = '-1': expected an integer >= 0"):
        zoo_core.create_model("lstm-embed.hello", seed=-1)


def test_settings_without_a_section_are_refused() -> None:
    with pytest.raises(ConfigError, match="hidden_size: no such section; there are model, dataset"):
        zoo_core.create_model("lstm-embed", settings={"hidden_size": 6})  # type: ignore[dict-item]


def test_a_model_takes_settings_signature_and_seed() -> None:
    signature = Signature(inputs=Features(3), outputs=Classes(5, per="sequence"))
    how: dict[str, Any] = {"settings": {"model": {"hidden_size": 6}}, "signature": signature}
    first, again, other = (zoo_core.create_model("lstm-manual", seed=s, **how) for s in (1, 1, 2))
    weights = [model.state_dict()["recurrent.weight_ih_l0"] for model in (first, again, other)]
    assert weights[0].shape == (24, 3)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_model_that_does_not_take_the_signature_says_so() -> None:
    signature = Signature(inputs=Features(3), outputs=Classes(5, per="step"))
    with pytest.raises(MisfitError, match="lstm-embed takes tokens"):
        zoo_core.create_model("lstm-embed", signature=signature)


def test_a_model_of_tokens_needs_no_vocabulary() -> None:
    signature = Signature(inputs=Tokens(11), outputs=Classes(2, per="sequence"))
    model = zoo_core.create_model("gru-embed", signature=signature)
    assert model.state_dict()["embedding.weight"].shape == (11, 10)


@pytest.mark.parametrize("name", ["lstm-embd", "lstm-embed.helo"])
def test_an_unknown_model_or_recipe_offers_the_nearest(name: str) -> None:
    with pytest.raises(NotFoundError, match=r"lstm-embed"):
        zoo_core.create_model(name)


def test_a_pretrained_model_that_the_registry_lacks_is_not_found() -> None:
    with pytest.raises(NotFoundError, match=r"lstm-embed\.nothing"):
        zoo_core.create_model("lstm-embed.nothing", pretrained=True)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("settings", {"model": {"hidden_size": 3}}),
        ("signature", Signature(inputs=Tokens(4), outputs=Classes(4, per="step"))),
    ],
)
def test_what_a_pretrained_model_has_itself_is_refused(argument: str, value: Any) -> None:
    message = f"^{argument}: a pretrained model has its own; leave it out$"
    with pytest.raises(zoo_core.ConfigError, match=message):
        zoo_core.create_model("lstm-embed.hello", pretrained=True, **{argument: value})
