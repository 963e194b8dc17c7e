"""The configs that models, datasets and trainers inherit: which settings go together."""

from __future__ import annotations

from typing import Any

import pytest

from zoo_core.configs.layers import AbstractEmbeddedRecurrentConfig
from zoo_core.configs.settings import settings_without_effect
from zoo_core.configs.tokens import AbstractTokensConfig
from zoo_core.configs.training import AbstractTrainerConfig
from zoo_core.errors import ConfigError


@pytest.mark.parametrize(
    ("cls", "alone", "needed", "condition"),
    [
        (AbstractTrainerConfig, {"patience": 2}, {"keep": "best"}, "keep best"),
        (AbstractTrainerConfig, {"momentum": 0.9}, {"optimizer": "SGD"}, "the optimizer SGD"),
        (AbstractTrainerConfig, {"momentum": 0.9}, {"optimizer": "RMSprop"}, "the optimizer SGD"),
        (AbstractTrainerConfig, {"decay": 0.5}, {"schedule": "ExponentialLR"}, "the schedule"),
        (AbstractEmbeddedRecurrentConfig, {"dropout": 0.5}, {"num_layers": 2}, "a second layer"),
        (AbstractEmbeddedRecurrentConfig, {"norm_type": 1.0}, {"max_norm": 1.0}, "max_norm"),
        (
            AbstractEmbeddedRecurrentConfig,
            {"variational_dropout": True},
            {"output_dropout": 0.5},
            "dropout, input_dropout or output_dropout",
        ),
        (AbstractTokensConfig, {"min_count": 2}, {"tokens": "word"}, "tokens word or bpe"),
    ],
)
def test_a_setting_has_an_effect_with_what_it_needs_alone(
    cls: Any, alone: dict[str, object], needed: dict[str, object], condition: str
) -> None:
    other = {"keep": "last"} if "patience" in alone else {}
    (line,) = settings_without_effect(cls(**alone, **other), "part")
    assert line.startswith(f"part.{next(iter(alone))} = ")
    assert f"has no effect without {condition}" in line
    assert settings_without_effect(cls(**alone, **needed), "part") == []


def test_pairs_of_bytes_have_at_least_a_symbol_for_each_byte() -> None:
    assert AbstractTokensConfig(tokens="bpe", vocabulary_size=256).vocabulary_size == 256
    with pytest.raises(ConfigError, match="vocabulary_size = 255: expected an integer >= 256"):
        AbstractTokensConfig(tokens="bpe", vocabulary_size=255)
    assert AbstractTokensConfig(tokens="word", vocabulary_size=2).vocabulary_size == 2
