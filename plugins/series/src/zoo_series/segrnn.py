"""SegRNN: a recurrent network over segments of a series."""

from __future__ import annotations

import math
from typing import Any, final

import torch
from torch import Tensor, nn

from zoo_core import Signature
from zoo_core.errors import MisfitError
from zoo_core.runtime.building.cells import make_cell
from zoo_core.runtime.nn import AbstractModel, Batch, Output, Recurrent, State
from zoo_series.channels import channels_of, check_whole_rows
from zoo_series.configs import SegRnnConfig


@final
class SegRnn(AbstractModel):
    """A cell that reads each channel in segments, and forecasts all segments from its last state.

        e_i = relu(W_e (x_i - v) + b_e)
        h_i = cell(e_i, h_{i-1}), i = 1 … n
        o_j = cell((p_j, c), h_n), j = 1 … m
        y_j = W_y drop(o_j) + b_y + v

    x_i is segment i of a channel, w numbers, v the channel's last value, e_i its embedding (H) and
    h_i the state of the cell, which starts at zero; y_j is the segment j of the forecast. p_j is
    the embedding of its position, ⌊H / 2⌋ numbers, and c that of the channel, the others; both are
    learned, start from N(0, 1), and are the input of one more step from h_n. So a forecast of m
    segments takes n + 1 steps one after the other. The first steps of a window that are not a
    whole segment are not seen, and of the last segment of the forecast only what the horizon has.

    All channels share the weights. Covariates are not seen. W_e is (H, w) and W_y (w, H).

    Source: Lin et al., SegRNN: Segment Recurrent Neural Network for Long-Term Time Series
    Forecasting (2023), with parallel multi-step forecasting.

    Args:
        config: Settings of the model.
        signature: Features, with a forecast for the whole sequence.
    """

    causal = False
    carries_state = False

    def __init__(self, config: SegRnnConfig, signature: Signature) -> None:
        super().__init__(signature)
        self.channels = channels_of(signature)
        self.segment = self.min_steps = config.segment
        self.segments = math.ceil(self.channels.horizon / self.segment)
        width = config.hidden_size
        cell = make_cell(config.cell, config.cell_settings or (), width)
        self.embedding = nn.Linear(self.segment, width)
        self.recurrent = Recurrent(cell, width)
        self.positions = nn.Parameter(torch.randn(self.segments, width // 2))
        self.channel_embeddings = nn.Parameter(torch.randn(self.channels.count, width - width // 2))
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(self.recurrent.output_size, self.segment)

    def initial_state(self, batch_size: int) -> None:
        """Returns None: a forecast starts from its window alone."""

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Features (B, T, F) to forecasts (B, W), the values of one row after those of the other.

        Raises:
            MisfitError: A window is shorter than a segment, or the rows differ in length.
        """
        check_whole_rows(batch)
        rows, steps, _ = batch.inputs.shape
        count, segments = steps // self.segment, self.segments
        if count < 1:
            raise MisfitError(
                f"a window of {steps} steps is shorter than a segment of {self.segment}; choose "
                "a smaller --model.segment or a larger --dataset.window"
            )
        series = batch.inputs[..., : self.channels.count].transpose(1, 2)  # (B, C, T)
        last = series[..., -1:]
        seen = (series - last)[..., -count * self.segment :]
        inputs = self.embedding(seen.reshape(-1, count, self.segment)).relu()  # (B C, n, H)
        _, (after,) = self.recurrent(inputs)
        outputs = self.dropout(self._decode(after, rows))  # (B C m, P)
        forecast = self.output(outputs).reshape(rows, -1, segments * self.segment)
        return Output(self.channels.output(forecast + last), None)

    def _decode(self, after: Any, rows: int) -> Tensor:
        """Returns o of every row, channel and segment, (B C m, P).

        Args:
            after: h_n, each of its tensors (B C, ...).
            rows: B.
        """
        count, segments = self.channels.count, self.segments
        positions = self.positions.expand(count, -1, -1)
        channels = self.channel_embeddings.unsqueeze(1).expand(-1, segments, -1)
        queries = torch.cat([positions, channels], dim=2).flatten(0, 1)  # (C m, H)
        cell = self.recurrent.cell.in_training() if self.training else self.recurrent.cell
        weights = self.recurrent.weights(0, 0)
        # What the queries contribute is the same for every row, so it is computed once.
        projected = cell.project(weights, queries.unsqueeze(1)).squeeze(1).repeat(rows, 1)
        start = type(after)(*(tensor.repeat_interleave(segments, dim=0) for tensor in after))
        return cell.step(weights, projected, start)[0]
