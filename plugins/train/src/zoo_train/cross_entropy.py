"""Cross entropy in nats."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from zoo_core import Classes, Signature
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.runtime.nn import IGNORED, Batch, Output
from zoo_core.runtime.training.trainer import class_sums
from zoo_train.configs import BALANCED, AbstractClassConfig
from zoo_train.numbers import parse_numbers


@final
class CrossEntropy:
    """The cross entropy of classes, with weights of the classes and label smoothing.

    With p the softmax of the logits, y the target, w the weights, ε the smoothing and C the number
    of classes, the loss of a target is

        (1 - ε) w_y (-ln p_y) + ε / C Σ_c w_c (-ln p_c)

    and that of a batch the sum of those over the sum of w_y, as in ``torch.nn.CrossEntropyLoss``.

    Args:
        config: Label smoothing and weights.
        signature: Signature of the data, whose outputs are classes.

    Raises:
        ConfigError: There is not one weight for each class, or a weight is not above 0; or balanced
            weights are asked for and the data does not count its classes.
        MisfitError: The outputs are not classes.
    """

    def __init__(self, config: AbstractClassConfig, signature: Signature) -> None:
        if not isinstance(signature.outputs, Classes):
            raise MisfitError("cross entropy is for classes; this data has other outputs")
        self.smoothing = config.label_smoothing
        self.weights = _class_weights(config, signature.outputs)
        self.is_plain = self.weights is None and not self.smoothing

    def loss(self, output: Output, batch: Batch) -> Tensor:
        """Returns the mean over the targets that are not ignored, a scalar.

        Args:
            output: Logits (B, T, C) or (B, C).
            batch: Targets (B, T) or (B,).
        """
        assert batch.targets is not None, "training and evaluation need targets"
        logits = output.logits.flatten(0, -2)
        return cross_entropy(
            logits,
            batch.targets.flatten(),
            weight=self._weights_like(logits),
            ignore_index=IGNORED,
            label_smoothing=self.smoothing,
        )

    def sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns the sums over a batch, scalars on the device.

        Returns:
            ``correct`` and ``targets``; where the loss is not the plain one, also
            ``cross_entropy``, the sum of the plain one; with weights also ``weight``, their sum.
        """
        sums = class_sums(output, batch)
        if self.is_plain:
            return sums
        assert batch.targets is not None, "class_sums has checked it"
        logits, targets = output.logits.flatten(0, -2), batch.targets.flatten()
        sums["cross_entropy"] = cross_entropy(
            logits, targets, ignore_index=IGNORED, reduction="sum"
        )
        weights = self._weights_like(logits)
        if weights is not None:
            counted = targets != IGNORED
            sums["weight"] = torch.where(counted, weights[targets.clamp(min=0)], 0).sum()
        return sums

    def _weights_like(self, logits: Tensor) -> Tensor | None:
        return None if self.weights is None else logits.new_tensor(self.weights)


def _class_weights(config: AbstractClassConfig, outputs: Classes) -> tuple[float, ...] | None:
    """Returns the weight of each class, or None for equal weights."""
    if config.class_weights is None:
        return None
    if config.class_weights == BALANCED:
        if not outputs.counts:
            raise ConfigError(
                f"trainer.class_weights = {BALANCED}: the data does not count its classes; give a "
                "number for each"
            )
        total, size = sum(outputs.counts), outputs.size
        return tuple(total / (size * max(count, 1)) for count in outputs.counts)
    expected = f"{outputs.size} numbers above 0, or {BALANCED}"
    weights = parse_numbers(config.class_weights, "trainer.class_weights", expected)
    if len(weights) != outputs.size or min(weights) <= 0:
        raise ConfigError(
            f"trainer.class_weights = {config.class_weights!r:.80}: expected {expected}"
        )
    return weights
