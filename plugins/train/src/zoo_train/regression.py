"""Training on values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import huber_loss

from zoo_core import Objective, Signature, Values
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.runtime.nn import Batch, Output
from zoo_core.runtime.training.trainer import AbstractTrainer
from zoo_train.configs import RegressionConfig
from zoo_train.numbers import parse_numbers


@final
class RegressionTrainer(AbstractTrainer):
    """Squared, absolute, Huber or quantile loss of values; values that are NaN do not count.

    With y a target, ŷ its prediction and e = y - ŷ, the loss is the mean over the values of

        mse       e²
        mae       |e|
        huber     e² / 2 if |e| < δ, else δ (|e| - δ / 2)
        quantile  the mean over the quantiles q of max(q e, (q - 1) e)

    in the scale of the targets. The metrics undo ``offset`` and ``scale`` of the signature, so they
    are in the units in which the values were measured: ``mae`` = mean |e|, ``rmse`` = √ mean e²,
    ``mape`` = mean |e / y| over the values that are not 0, and ``mase``, the mean of |e| over the
    naive forecast's mean absolute error on the training data, if the signature has that. They
    compare with the value itself, or with the predicted quantile that is nearest to the median.
    ``scaled_mae`` is ``mae`` in the scale of the targets, if that is another.
    ``calibration_error`` is the mean over the quantiles q of the difference between q and the
    fraction of the values that are not above the predicted quantile.

    Sources: Huber (1964), Robust Estimation of a Location Parameter; Koenker & Bassett (1978),
    Regression Quantiles; Hyndman & Koehler (2006), Another look at measures of forecast accuracy.

    Args:
        config: Settings of the trainer.
        signature: Signature of the data, whose outputs are values.

    Raises:
        ConfigError: The quantiles are not numbers between 0 and 1, in order.
        MisfitError: The outputs are not values.
    """

    config: RegressionConfig
    carries_state = False

    def __init__(self, config: RegressionConfig, signature: Signature) -> None:
        if not isinstance(signature.outputs, Values):
            raise MisfitError("regression trains on values; this data has others")
        self.config = config
        self.outputs = signature.outputs
        self.quantiles = _quantiles(config)
        names = ["loss", "mae", "rmse", "mape"]
        names += ["scaled_mae"] if self.outputs.scale else []
        names += ["mase"] if self.outputs.naive_error else []
        names += ["calibration_error"] if self.quantiles else []
        self.objective = Objective("loss", dict.fromkeys(names, "min"))

    def model_signature(self, signature: Signature) -> Signature:
        """Returns the signature of a model that predicts the quantiles of every value."""
        if not isinstance(signature.outputs, Values) or not self.quantiles:
            return signature
        return replace(signature, outputs=replace(signature.outputs, quantiles=self.quantiles))

    def loss(self, output: Output, batch: Batch) -> Tensor:
        """Returns the mean over the values that are not NaN, a scalar."""
        predicted, targets, counts = self._pairs(output, batch)
        errors = torch.where(counts, targets - predicted, 0)
        match self.config.loss:
            case "mse":
                losses = errors.square()
            case "mae":
                losses = errors.abs()
            case "huber":
                zeros = torch.zeros_like(errors)
                losses = huber_loss(errors, zeros, reduction="none", delta=self.config.delta)
            case "quantile":
                levels = errors.new_tensor(self.quantiles)
                losses = torch.maximum(levels * errors, (levels - 1) * errors)
        losses = losses.mean(dim=-1, keepdim=True)
        return losses.sum() / counts.sum()

    def _pairs(self, output: Output, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Returns predictions, targets and which targets count, each (..., N, 1 or quantiles)."""
        assert batch.targets is not None, "training and evaluation need targets"
        targets = batch.targets.unsqueeze(-1)
        predicted = output.logits.reshape(*batch.targets.shape, -1)
        return predicted, targets, ~targets.isnan()

    def sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns the sums of the errors in the units of measurement, scalars on the device."""
        predicted, targets, counts = self._pairs(output, batch)
        quantiles = self.quantiles or (0.5,)
        middle = min(range(len(quantiles)), key=lambda index: abs(quantiles[index] - 0.5))
        scale = _column(self.outputs.scale or (1.0,), targets)
        offset = _column(self.outputs.offset or (0.0,), targets)
        errors = torch.where(counts, targets - predicted, 0) * scale
        central = errors[..., middle : middle + 1]
        measured = torch.where(counts, targets * scale + offset, 0)
        nonzero = measured != 0
        relative = torch.where(nonzero, central / torch.where(nonzero, measured, 1), 0)
        sums = {
            "targets": counts.sum(),
            "absolute_error": central.abs().sum(),
            "squared_error": central.square().sum(),
            "relative_error": relative.abs().sum(),
            "nonzero": (nonzero & counts).sum(),
        }
        if self.outputs.scale:
            sums["absolute_error_in_scale"] = (central / scale).abs().sum()
        if self.outputs.naive_error:
            naive = _column(self.outputs.naive_error, targets)
            scaled = torch.where(naive > 0, central.abs() / torch.where(naive > 0, naive, 1), 0)
            sums["scaled_error"] = scaled.sum()
            sums["scaled"] = (counts & (naive > 0)).sum()
        for index, level in enumerate(self.quantiles):
            sums[f"below_{level:g}"] = (counts & (errors[..., index : index + 1] <= 0)).sum()
        return sums

    def metrics(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Returns the metrics of an epoch.

        Returns:
            ``loss`` and ``scaled_mae`` in the scale of the targets, ``mae`` and ``rmse`` in the
            units of measurement, ``mape`` and ``mase`` without a unit; those that no value has are
            left out.
        """
        targets = sums["targets"]
        metrics = {
            "loss": sums["loss"] / targets,
            "mae": sums["absolute_error"] / targets,
            "rmse": math.sqrt(sums["squared_error"] / targets),
        }
        if "absolute_error_in_scale" in sums:
            metrics["scaled_mae"] = sums["absolute_error_in_scale"] / targets
        if sums["nonzero"]:
            metrics["mape"] = sums["relative_error"] / sums["nonzero"]
        if sums.get("scaled"):
            metrics["mase"] = sums["scaled_error"] / sums["scaled"]
        if self.quantiles:
            fractions = [sums[f"below_{level:g}"] / targets for level in self.quantiles]
            errors = [
                abs(level - part) for level, part in zip(self.quantiles, fractions, strict=True)
            ]
            metrics["calibration_error"] = sum(errors) / len(errors)
        return metrics


def _column(numbers: tuple[float, ...], like: Tensor) -> Tensor:
    """Returns a number for each value, or one for all, as (N, 1) or (1, 1)."""
    return like.new_tensor(numbers).unsqueeze(-1)


def _quantiles(config: RegressionConfig) -> tuple[float, ...]:
    """Returns the quantiles to predict; none if the loss is another.

    Raises:
        ConfigError: They are not numbers between 0 and 1, in order.
    """
    if config.loss != "quantile":
        return ()
    expected = "numbers above 0 and below 1, in order, such as 0.1 0.5 0.9"
    quantiles = parse_numbers(config.quantiles, "trainer.quantiles", expected)
    if not all(0 < level < 1 for level in quantiles) or sorted(set(quantiles)) != list(quantiles):
        raise ConfigError(f"trainer.quantiles = {config.quantiles!r:.80}: expected {expected}")
    return quantiles
