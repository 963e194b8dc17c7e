"""Convolutional stages: the notes' own numbers, torch's layers, and settings that do not fit."""

from __future__ import annotations

import doctest
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from zoo_cnn import features
from zoo_cnn.classifier import make_classifier
from zoo_cnn.configs import Cnn1dConfig, CnnGridConfig
from zoo_cnn.grid import cnn2d, cnn3d
from zoo_core import Grid, Signature
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.runtime.nn.batch import Batch

B, C = 3, 4
SIZES = {2: (9, 8), 3: (9, 9, 8)}
FACTORIES = {2: cnn2d, 3: cnn3d}
PARTS: dict[int, tuple[Any, Any, Any]] = {
    2: (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d),
    3: (nn.Conv3d, nn.MaxPool3d, nn.AvgPool3d),
}
CONVOLUTION = ("kernel_size", "stride", "padding", "dilation", "groups", "bias", "padding_mode")
SWEEP: list[dict[str, Any]] = [
    {},
    {"kernel_size": 2, "stride": 2},
    {"dilation": 2, "padding": 2, "padding_mode": "replicate"},
    {"padding_mode": "circular"},
    {"padding_mode": "reflect", "bias": False},
    {"groups": 2},
    {"pool_size": 3, "pool_stride": 2, "pool_padding": 1, "ceil_mode": True},
    {"pool": "average", "pool_size": 3, "pool_stride": 2, "pool_padding": 1},
    {"pool": "average", "pool_padding": 1, "count_include_pad": False},
    {"pool": "average", "divisor_override": 3},
    {"linear_layers": 3, "classifier_size": 5},
    {"linear_layers": 1},
]


def signature(sizes: int) -> Signature:
    """Grids of two channels."""
    return Signature(inputs=Grid(2, SIZES[sizes]), classes=C, per="sequence")


def theirs(config: CnnGridConfig, sizes: int) -> nn.Sequential:
    """Torch's own layers, put together as anybody would."""
    convolution, largest, average = PARTS[sizes]
    how: dict[str, Any] = {"stride": config.pool_stride or config.pool_size}
    how |= {"padding": config.pool_padding, "ceil_mode": config.ceil_mode}
    counted: dict[str, Any] = {"count_include_pad": config.count_include_pad}
    counted |= {"divisor_override": config.divisor_override}
    layers: list[nn.Module] = []
    for before, after in ((2, 4), (4, 8)):
        settings = {name: getattr(config, name) for name in CONVOLUTION}
        layers += [convolution(before, after, **settings), nn.ReLU()]
        pool = largest if config.pool == "max" else average
        extra = {} if config.pool == "max" else counted
        layers.append(pool(config.pool_size, **how, **extra))
    layers.append(nn.Flatten())
    with torch.no_grad():
        width = nn.Sequential(*layers)(torch.zeros(1, 2, *SIZES[sizes])).numel()
    widths = [width, *[config.classifier_size] * (config.linear_layers - 1), C]
    for number in range(config.linear_layers):
        layers += [nn.Linear(widths[number], widths[number + 1]), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("settings", SWEEP, ids=str)
@pytest.mark.parametrize("sizes", [2, 3])
def test_a_model_equals_torchs_layers_in_a_row(sizes: int, settings: dict[str, Any]) -> None:
    config = CnnGridConfig(channels=4, **settings)
    ours, plain = (
        FACTORIES[sizes](config, signature(sizes)).double(),
        theirs(config, sizes).double(),
    )
    for mine, other in zip(ours.parameters(), plain.parameters(), strict=True):
        assert mine.shape == other.shape
        other.data.copy_(mine)
    inputs = torch.randn(B, 2, *SIZES[sizes], dtype=torch.float64)
    answer: Tensor = ours(Batch(inputs)).logits
    torch.testing.assert_close(answer, plain(inputs), rtol=0, atol=1e-12)


def test_the_notes_examples_are_what_the_docstring_says() -> None:
    found = doctest.testmod(features)
    assert (found.failed, found.attempted > 4) == (0, True)


def test_two_logits_are_one_and_its_sigmoid() -> None:
    logits = make_classifier(Cnn1dConfig(), 8, 2)(torch.randn(5, 8))
    single = torch.sigmoid(logits[:, 1] - logits[:, 0])
    torch.testing.assert_close(logits.softmax(dim=1)[:, 1], single)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"groups": 3}, "model.groups = 3: expected a divisor of the channels that come in, 2,"),
        ({"pool_padding": 2}, "model.pool_padding = 2: expected <= half of model.pool_size = 2"),
        ({"divisor_override": 2}, "goes with model.pool average only"),
        ({"kernel_size": 20}, "leave nothing of a grid of 9 × 8"),
        ({"blocks": 5}, "choose fewer model.blocks"),
        ({"padding_mode": "reflect", "padding": 9, "kernel_size": 1}, "of a grid of 9 × 8"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_one_line(
    settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        cnn2d(CnnGridConfig(**settings), signature(2))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("sizes", "other"), [(2, 3), (3, 2)])
def test_a_grid_of_other_sizes_is_refused(sizes: int, other: int) -> None:
    with pytest.raises(MisfitError, match=f"cnn{sizes}d takes a grid of {sizes} sizes"):
        FACTORIES[sizes](CnnGridConfig(), signature(other))
