"""The convolutional classifier of text: padding never changes a result."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch

import zoo_core
from zoo_cnn.configs import Cnn1dConfig
from zoo_cnn.lengths import length_after_convolution, length_after_pool
from zoo_cnn.stages import make_blocks
from zoo_cnn.text import TextClassifier, shortest_length
from zoo_core import Classes, Signature, Tokens
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn.batch import Batch

V = 7
SIGNATURE = Signature(inputs=Tokens(V), outputs=Classes(3, per="sequence"))
SETTINGS: list[dict[str, Any]] = [
    {},
    {"kernel_size": 2, "stride": 2},
    {"dilation": 2, "padding": 0},
    {"padding": 3},
    {"pool": "average", "pool_size": 3, "pool_padding": 1},
    {"pool_size": 3, "pool_stride": 2, "pool_padding": 1, "ceil_mode": True},
    {"pool_size": 2, "pool_stride": 3, "ceil_mode": True},
    {"pool": "average", "count_include_pad": False},
    {"pool_size": 1},
]
every_setting = pytest.mark.parametrize("settings", SETTINGS, ids=str)


def config(**settings: Any) -> Cnn1dConfig:
    """Returns the settings of a small model."""
    return Cnn1dConfig(channels=4, embedding_size=5, classifier_size=6, **settings)


@every_setting
def test_a_padded_row_has_the_same_result_as_the_row_alone(settings: dict[str, Any]) -> None:
    torch.manual_seed(0)
    model = TextClassifier(config(**settings), SIGNATURE).double()
    tokens, lengths = torch.randint(V, (4, 40)), [40, 23, 31, 19]
    padded = model(Batch(tokens, lengths=torch.tensor(lengths))).logits
    for row, length in enumerate(lengths):
        alone = model(Batch(tokens[row : row + 1, :length])).logits[0]
        torch.testing.assert_close(padded[row], alone, rtol=0, atol=1e-12)


@every_setting
def test_lengths_are_those_after_torchs_layers(settings: dict[str, Any]) -> None:
    (block,), _ = make_blocks(config(blocks=1, **settings), 1, 5)
    for length in range(6, 40):
        expected = block(torch.zeros(1, 5, length)).shape[2]
        convolved = length_after_convolution(torch.tensor([length]), config(**settings))
        assert length_after_pool(convolved, config(**settings)).item() == expected


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"padding_mode": "circular"}, "model.padding_mode = circular"),
        ({"pool": "average", "ceil_mode": True}, "model.ceil_mode = true with average pooling"),
        (
            {"pool": "average", "pool_padding": 1, "count_include_pad": False},
            "model.count_include_pad = false",
        ),
    ],
)
def test_settings_under_which_padding_would_change_a_result_are_an_error(
    settings: dict[str, Any], message: str
) -> None:
    model = TextClassifier(config(**settings), SIGNATURE)
    tokens = torch.randint(V, (2, 20))
    assert model(Batch(tokens)).logits.shape == (2, 3)
    with pytest.raises(MisfitError, match=f"rows of different lengths do not work with {message}"):
        model(Batch(tokens, lengths=torch.tensor([20, 9])))


@pytest.mark.parametrize(("length", "blocks"), list(product([1, 2, 3], [2, 3])))
def test_too_short_an_input_is_an_error(length: int, blocks: int) -> None:
    model = TextClassifier(config(blocks=blocks), SIGNATURE)
    with pytest.raises(
        MisfitError, match=f"an input of {length} steps is too short for this model"
    ):
        model(Batch(torch.zeros(1, length, dtype=torch.long)))


@every_setting
def test_an_error_names_the_shortest_input_that_is_long_enough(settings: dict[str, Any]) -> None:
    model = TextClassifier(config(blocks=3, **settings), SIGNATURE)
    length = shortest_length(model.config)
    model(Batch(torch.zeros(1, max(length, 1), dtype=torch.long)))
    if length > 1:
        with pytest.raises(MisfitError, match=f"give at least {length}, or"):
            model(Batch(torch.zeros(1, length - 1, dtype=torch.long)))


@pytest.mark.slow
def test_the_recipe_tells_a_typed_line_of_code_from_prose(tmp_path: Path) -> None:
    checkpoint = zoo_core.train("cnn1d.prose-or-code", tmp_path / "run", threads=1)
    lines = [checkpoint.dataset.example, "Once upon a time there was a king."]
    assert zoo_core.predict(checkpoint, lines) == ["code", "prose"]
