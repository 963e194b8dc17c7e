"""Convolutional classifiers of grids: equality with torch's layers, settings that do not fit."""

from __future__ import annotations

import doctest
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from zoo_cnn import stages
from zoo_cnn.configs import Cnn1dConfig, CnnGridConfig
from zoo_cnn.grid import cnn2d, cnn3d
from zoo_cnn.stages import make_classifier
from zoo_core import Classes, Grid, Signature
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.runtime.nn.batch import Batch

B, C = 3, 4
SIZES = {2: (9, 8), 3: (9, 9, 8)}
FACTORIES = {2: cnn2d, 3: cnn3d}
LAYERS: dict[int, tuple[Any, Any, Any]] = {
    2: (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d),
    3: (nn.Conv3d, nn.MaxPool3d, nn.AvgPool3d),
}
CONVOLUTION = ("kernel_size", "stride", "padding", "dilation", "groups", "bias", "padding_mode")
SETTINGS: list[dict[str, Any]] = [
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


def signature(dimensions: int) -> Signature:
    """Returns the signature of grids with two channels."""
    return Signature(inputs=Grid(2, SIZES[dimensions]), outputs=Classes(C, per="sequence"))


def torch_layers(config: CnnGridConfig, dimensions: int) -> nn.Sequential:
    """Returns the same model, composed of torch's layers."""
    convolution, max_pool, average_pool = LAYERS[dimensions]
    pool_settings: dict[str, Any] = {
        "stride": config.pool_stride or config.pool_size,
        "padding": config.pool_padding,
        "ceil_mode": config.ceil_mode,
    }
    if config.pool == "average":
        pool_settings["count_include_pad"] = config.count_include_pad
        pool_settings["divisor_override"] = config.divisor_override
    pool = max_pool if config.pool == "max" else average_pool
    layers: list[nn.Module] = []
    for before, after in ((2, 4), (4, 8)):
        settings = {name: getattr(config, name) for name in CONVOLUTION}
        layers += [convolution(before, after, **settings), nn.ReLU()]
        layers.append(pool(config.pool_size, **pool_settings))
    layers.append(nn.Flatten())
    with torch.no_grad():
        width = nn.Sequential(*layers)(torch.zeros(1, 2, *SIZES[dimensions])).numel()
    widths = [width, *[config.classifier_size] * (config.linear_layers - 1), C]
    for number in range(config.linear_layers):
        layers += [nn.Linear(widths[number], widths[number + 1]), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_model_equals_a_sequence_of_torchs_layers(
    dimensions: int, settings: dict[str, Any]
) -> None:
    config = CnnGridConfig(channels=4, **settings)
    model = FACTORIES[dimensions](config, signature(dimensions)).double()
    expected = torch_layers(config, dimensions).double()
    for parameter, other in zip(model.parameters(), expected.parameters(), strict=True):
        assert parameter.shape == other.shape
        other.data.copy_(parameter)
    inputs = torch.randn(B, 2, *SIZES[dimensions], dtype=torch.float64)
    logits: Tensor = model(Batch(inputs)).logits
    torch.testing.assert_close(logits, expected(inputs), rtol=0, atol=1e-12)


def test_the_examples_of_the_docstring_are_true() -> None:
    result = doctest.testmod(stages)
    assert result.failed == 0
    assert result.attempted > 4


def test_two_logits_equal_the_sigmoid_of_their_difference() -> None:
    logits = make_classifier(Cnn1dConfig(), 8, 2)(torch.randn(5, 8))
    single = torch.sigmoid(logits[:, 1] - logits[:, 0])
    torch.testing.assert_close(logits.softmax(dim=1)[:, 1], single)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"groups": 3}, "model.groups = 3: expected a divisor of the input channels, 2,"),
        ({"pool_padding": 2}, "model.pool_padding = 2: expected <= half of model.pool_size = 2"),
        ({"divisor_override": 2}, "requires model.pool average"),
        ({"kernel_size": 20}, "leave nothing of a grid of 9 × 8"),
        ({"blocks": 5}, "choose fewer model.blocks"),
        ({"padding_mode": "reflect", "padding": 9, "kernel_size": 1}, "of a grid of 9 × 8"),
    ],
)
def test_settings_that_do_not_fit_are_an_error_of_one_line(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        cnn2d(CnnGridConfig(**settings), signature(2))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("dimensions", "other"), [(2, 3), (3, 2)])
def test_a_grid_of_other_dimensions_is_an_error(dimensions: int, other: int) -> None:
    message = f"cnn{dimensions}d takes a grid of {dimensions} dimensions"
    with pytest.raises(MisfitError, match=message):
        FACTORIES[dimensions](CnnGridConfig(), signature(other))
