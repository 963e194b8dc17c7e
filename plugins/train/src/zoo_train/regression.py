"""Training on values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, final

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
class _Errors(NamedTuple):
    """The errors of a batch.

    Args:
        errors: In the scale of the targets, (..., N, 1 or quantiles).
        targets: (..., N, 1).
        counts: Which targets count, (..., N, 1); None if all do.
        counted: How many do, a scalar on the device.
    """

    errors: Tensor
    targets: Tensor
    counts: Tensor | None
    counted: Tensor

    def number_of(self, flags: Tensor) -> Tensor:
        """Returns for how many targets that count a flag (..., N, 1) is true."""
        return (flags if self.counts is None else flags & self.counts).sum()


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
        self._columns: dict[str, Tensor] = {}
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
        return self._loss(_errors(output, batch))

    def sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns the sums of the errors in the units of measurement, scalars on the device."""
        return self._sums(_errors(output, batch))

    def loss_and_sums(self, output: Output, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Returns what ``loss`` and ``sums`` return, from errors that are computed once."""
        found = _errors(output, batch)
        loss = self._loss(found)
        with torch.no_grad(), torch.autocast(output.logits.device.type, enabled=False):
            return loss, self._sums(found._replace(errors=found.errors.detach()))

    def _loss(self, found: _Errors) -> Tensor:
        errors = found.errors
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
        return losses.sum() / found.counted

    def _sums(self, found: _Errors) -> dict[str, Tensor]:
        quantiles = self.quantiles or (0.5,)
        middle = min(range(len(quantiles)), key=lambda index: abs(quantiles[index] - 0.5))
        errors, targets = found.errors, found.targets
        scale = self._column("scale", targets)
        if scale is not None:
            errors = errors * scale
        central = errors[..., middle : middle + 1]
        sums = {
            "targets": found.counted,
            "absolute_error": central.abs().sum(),
            "squared_error": central.square().sum(),
            **self._relative_sums(found, central),
        }
        if scale is not None:
            sums["absolute_error_in_scale"] = (central / scale).abs().sum()
        naive = self._column("naive_error", targets)
        if naive is not None:
            scaled = torch.where(naive > 0, central.abs() / torch.where(naive > 0, naive, 1), 0)
            sums["scaled_error"] = scaled.sum()
            sums["scaled"] = found.number_of((naive > 0).expand_as(targets))
        for index, level in enumerate(self.quantiles):
            sums[f"below_{level:g}"] = found.number_of(errors[..., index : index + 1] <= 0)
        return sums

    def _relative_sums(self, found: _Errors, central: Tensor) -> dict[str, Tensor]:
        """Returns the sum of the errors over the values, and how many values are not 0.

        Args:
            found: The errors.
            central: The errors of the value itself in the units of measurement, (..., N, 1).
        """
        measured, counts = found.targets, found.counts
        scale, offset = (self._column(name, measured) for name in ("scale", "offset"))
        measured = measured if scale is None else measured * scale
        measured = measured if offset is None else measured + offset
        if counts is None:
            total = (central / measured).abs().sum()
            if math.isfinite(total.item()):  # no value is 0, so the masks below change nothing
                return {"relative_error": total, "nonzero": found.counted}
        else:
            measured = torch.where(counts, measured, 0)
        nonzero = measured != 0
        relative = torch.where(nonzero, central / torch.where(nonzero, measured, 1), 0)
        return {"relative_error": relative.abs().sum(), "nonzero": nonzero.sum()}

    def _column(self, name: str, like: Tensor) -> Tensor | None:
        """Returns the outputs' numbers of a name, one for each value, as (N, 1); None if none."""
        numbers: tuple[float, ...] = getattr(self.outputs, name)
        if not numbers:
            return None
        column = self._columns.get(name)
        if column is None or (column.dtype, column.device) != (like.dtype, like.device):
            column = self._columns[name] = like.new_tensor(numbers).unsqueeze(-1)
        return column

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


def _errors(output: Output, batch: Batch) -> _Errors:
    """Returns the errors of a batch; those of targets that are NaN are 0."""
    assert batch.targets is not None, "training and evaluation need targets"
    targets = batch.targets.unsqueeze(-1)
    errors = targets - output.logits.reshape(*batch.targets.shape, -1)
    # Asking every target takes as long as the errors. On an accelerator, reading a sum waits.
    if targets.device.type == "cpu" and not math.isnan(targets.sum().item()):
        return _Errors(errors, targets, None, torch.tensor(targets.numel()))
    counts = ~targets.isnan()
    return _Errors(torch.where(counts, errors, 0), targets, counts, counts.sum())


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
