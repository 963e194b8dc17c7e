"""The classifier stage: one to three linear layers."""

from __future__ import annotations

from itertools import pairwise

from torch import nn

from zoo_cnn.configs import AbstractCnnConfig


def make_classifier(config: AbstractCnnConfig, before: int, classes: int) -> nn.Sequential:
    """Linear layers with ReLU between them and dropout before each.

    Two classes are two logits, as many classes are many: their cross entropy is that of one logit
    and its sigmoid, with the difference of the two in its place.

    Args:
        config: What a person chose.
        before: Numbers that come in.
        classes: Logits that go out.
    """
    widths = [before, *[config.classifier_size] * (config.linear_layers - 1), classes]
    layers: list[nn.Module] = []
    for width, following in pairwise(widths):
        layers += [nn.ReLU()] if layers else []
        layers += [nn.Dropout(config.dropout), nn.Linear(width, following)]
    return nn.Sequential(*layers)
