"""SegRNN: a recurrent network over segments of a series."""

from __future__ import annotations

import math
from typing import Any, final

import torch
from torch import Tensor, nn

from zoo_core import Signature
from zoo_core.errors import MisfitError
from zoo_core.runtime.building.cells import make_cell
from zoo_core.runtime.nn import Recurrent
from zoo_series.channel_model import AbstractChannelModel
from zoo_series.configs import SegRnnConfig


@final
class SegRnn(AbstractChannelModel):
    """A cell that reads each channel in segments, and forecasts all segments from its last state.

        e_i = relu(W_e (x_i - v) + b_e)
        h_i = cell(e_i, h_{i-1}),    i = 1 ... n
        o_j = cell(p_j, h_n),    j = 1 ... m
        y_j = W_y drop(o_j) + b_y + v

    x_i is segment i of a channel, w numbers, v the channel's last value, e_i its embedding (H) and
    h_i the state of the cell, which starts at zero; y_j is segment j of the forecast. p_j is the
    embedding of its position, ⌊H / 2⌋ numbers, followed by that of the channel: they are learned,
    start from N(0, 1), and are the input of one more step from h_n. So a forecast of m segments
    takes n + 1 steps one after the other. The first steps of a window that are no whole segment
    are not seen, and of the last segment of a forecast the horizon may need a part.

    All channels share the weights W_e (H, w) and W_y (w, P), where P is the width of the cell's
    output.

    Source: Lin et al., SegRNN: Segment Recurrent Neural Network for Long-Term Time Series
    Forecasting (2023), with parallel multi-step forecasting.

    Args:
        config: Settings of the model.
        signature: Features, with a forecast for the whole sequence.
    """

    def __init__(self, config: SegRnnConfig, signature: Signature) -> None:
        super().__init__(signature)
        width, self.segment = config.hidden_size, config.segment
        self.min_steps = self.segment
        self.segments = math.ceil(self.horizon / self.segment)
        self.embedding = nn.Linear(self.segment, width)
        cell = make_cell(config.cell, config.cell_settings or (), width)
        self.recurrent = Recurrent(cell, width)
        self.positions = nn.Parameter(torch.randn(self.segments, width // 2))
        self.channel_embeddings = nn.Parameter(torch.randn(self.channels, width - width // 2))
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(self.recurrent.output_size, self.segment)

    def forecast(self, series: Tensor) -> Tensor:
        """Windows (B, C, T) to forecasts (B, C, m w).

        Raises:
            MisfitError: A window is shorter than a segment.
        """
        rows, _, steps = series.shape
        count = steps // self.segment  # n
        if count < 1:
            raise MisfitError(
                f"a window of {steps} steps is shorter than a segment of {self.segment}; choose "
                "a smaller --model.segment or a larger --dataset.window"
            )
        last = series[..., -1:]
        seen = (series - last)[..., -count * self.segment :]
        inputs = self.embedding(seen.reshape(-1, count, self.segment)).relu()  # (B C, n, H)
        _, (state,) = self.recurrent(inputs)
        outputs = self.dropout(self._decode(state, rows))
        segments = self.output(outputs).reshape(rows, self.channels, -1)
        forecast: Tensor = segments + last
        return forecast

    def _decode(self, state: Any, rows: int) -> Tensor:
        """Returns o of every row, channel and segment, (B C m, P).

        Args:
            state: h_n of every row and channel.
            rows: B.
        """
        positions = self.positions.expand(self.channels, -1, -1)
        channels = self.channel_embeddings.unsqueeze(1).expand(-1, self.segments, -1)
        queries = torch.cat([positions, channels], dim=2).flatten(0, 1)  # (C m, H)
        cell = self.recurrent.cell.in_training() if self.training else self.recurrent.cell
        weights = self.recurrent.weights(0, 0)
        # What the queries contribute is the same for all rows, so it is computed once.
        projected = cell.project(weights, queries.unsqueeze(1)).squeeze(1).repeat(rows, 1)
        repeated = [tensor.repeat_interleave(self.segments, dim=0) for tensor in state]
        outputs, _ = cell.step(weights, projected, type(state)(*repeated))
        return outputs
