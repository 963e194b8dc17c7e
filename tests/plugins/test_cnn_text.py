"""Convolution over text: padded rows give what they give alone, or are refused."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch

from zoo_cnn.configs import Cnn1dConfig
from zoo_cnn.features import make_blocks
from zoo_cnn.lengths import after_convolution, after_pool
from zoo_cnn.text import TextClassifier
from zoo_core import Signature, Tokens
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn.batch import Batch

V = 7
SIGNATURE = Signature(inputs=Tokens(V), classes=3, per="sequence")
SWEEP: list[dict[str, Any]] = [
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
every_setting = pytest.mark.parametrize("settings", SWEEP, ids=str)


def config(**settings: Any) -> Cnn1dConfig:
    """A small one."""
    return Cnn1dConfig(channels=4, embedding_size=5, classifier_size=6, **settings)


@every_setting
def test_a_padded_row_gives_what_it_gives_alone(settings: dict[str, Any]) -> None:
    torch.manual_seed(0)
    model = TextClassifier(config(**settings), SIGNATURE).double()
    tokens, lengths = torch.randint(V, (4, 40)), [40, 23, 31, 19]
    padded = model(Batch(tokens, lengths=torch.tensor(lengths))).logits
    for row, length in enumerate(lengths):
        alone = model(Batch(tokens[row : row + 1, :length])).logits[0]
        torch.testing.assert_close(padded[row], alone, rtol=0, atol=1e-12)


@every_setting
def test_lengths_are_those_that_torchs_layers_leave(settings: dict[str, Any]) -> None:
    (block,), _ = make_blocks(config(blocks=1, **settings), 1, 5)
    for length in range(6, 40):
        left = block(torch.zeros(1, 5, length)).shape[2]
        convolved = after_convolution(torch.tensor([length]), config(**settings))
        assert after_pool(convolved, config(**settings)).item() == left


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"padding_mode": "circular"}, "model.padding_mode = circular"),
        ({"pool": "average", "ceil_mode": True}, "model.ceil_mode = true with average pooling"),
        (
            {"pool": "average", "pool_padding": 1, "count_include_pad": False},
            "model.count_include_pad = false",
        ),
    ],
)
def test_padding_that_would_change_a_result_is_refused(settings: dict[str, Any], said: str) -> None:
    model = TextClassifier(config(**settings), SIGNATURE)
    tokens = torch.randint(V, (2, 20))
    assert model(Batch(tokens)).logits.shape == (2, 3)
    with pytest.raises(MisfitError, match=f"rows of unlike length do not go with {said}"):
        model(Batch(tokens, lengths=torch.tensor([20, 9])))


@pytest.mark.parametrize(("length", "blocks"), list(product([1, 2, 3], [2, 3])))
def test_an_input_too_short_is_refused_in_words(length: int, blocks: int) -> None:
    model = TextClassifier(config(blocks=blocks), SIGNATURE)
    with pytest.raises(MisfitError, match=f"an input of {length} steps is too short here"):
        model(Batch(torch.zeros(1, length, dtype=torch.long)))
