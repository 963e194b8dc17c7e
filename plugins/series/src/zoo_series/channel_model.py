"""Models that forecast every value of a row by itself."""

from __future__ import annotations

import math
from abc import abstractmethod

from torch import Tensor, nn

from zoo_core import Classes, Features, Signature, Values
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn import AbstractModel, Batch, Output, State


class AbstractChannelModel(AbstractModel):
    """A model that forecasts every value of a row, a channel, from the window of that value alone.

    The channels are the features that the outputs are named after, such as ``x`` of ``x+1``, and
    all features where the outputs have no such names; covariates are not seen. Labels are read
    from the forecast of the next row by a linear layer.

    Args:
        signature: Features, with a forecast for the whole sequence.

    Attributes:
        channels: C, the features that are forecast, the first ones of a row.
        quantiles: q, the numbers that a forecast has for a value: its quantiles, or itself alone.
        horizon: h, the numbers of the forecast of a channel: those of its first row, then those of
            the second, and so on.
        labels: The layer that reads labels; None for a forecast.
    """

    causal = False
    carries_state = False

    def __init__(self, signature: Signature) -> None:
        super().__init__(signature)
        outputs = signature.outputs
        names = signature.inputs.names if isinstance(signature.inputs, Features) else ()
        named = sum(f"{name}+1" in outputs.names for name in names)
        self.channels = named or signature.input_size
        self.quantiles = max(len(outputs.quantiles), 1) if isinstance(outputs, Values) else 1
        self.horizon = math.ceil(outputs.width / (self.channels * self.quantiles)) * self.quantiles
        self.labels: nn.Linear | None = None
        if isinstance(outputs, Classes):
            self.horizon = 1
            self.labels = nn.Linear(self.channels, outputs.width)

    def initial_state(self, batch_size: int) -> None:
        """Returns None: a forecast starts from its window alone."""

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Features (B, T, F) to forecasts (B, h C), the values of one row after those of the other.

        The quantiles of a value stand side by side.

        Raises:
            MisfitError: The window does not fit the model, or the rows differ in length.
        """
        if batch.lengths is not None:
            raise MisfitError("the model reads windows of one length, and this batch has others")
        series = batch.inputs[..., : self.channels].transpose(1, 2)
        forecast = self.forecast(series)[..., : self.horizon]  # (B, C, h)
        by_row = forecast.reshape(*forecast.shape[:2], -1, self.quantiles)
        rows = by_row.transpose(1, 2).flatten(1)
        width = self.signature.outputs.width
        return Output(rows[:, :width] if self.labels is None else self.labels(rows), None)

    @abstractmethod
    def forecast(self, series: Tensor) -> Tensor:
        """Returns the forecast of every channel, (B, C, h) or longer, from windows (B, C, T).

        Raises:
            MisfitError: The window does not fit the model.
        """
