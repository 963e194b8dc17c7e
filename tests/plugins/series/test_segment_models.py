"""SegRNN and DLinear, compared with transcriptions of their papers' equations in NumPy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.plugins.transcription import Array, weighted
from zoo_core import Features, Signature, Values
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn import AbstractModel, Batch
from zoo_series.configs import DLinearConfig, SegRnnConfig
from zoo_series.dlinear import DLinear
from zoo_series.segrnn import SegRnn

NAMES = ("a", "b", "covariate")
STEP = 1e-6
"""The change of a weight from which a derivative is taken."""


def signature(horizon: int) -> Signature:
    """Two values that are forecast, and a covariate."""
    names = tuple(f"{name}+{step}" for step in range(1, horizon + 1) for name in "ab")
    return Signature(inputs=Features(3, names=NAMES), outputs=Values(2 * horizon, names=names))


def inputs(steps: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(3, steps, 3, generator=generator, dtype=torch.float64)


def weights_of(model: nn.Module) -> dict[str, Array]:
    return {name: tensor.detach().numpy().copy() for name, tensor in model.state_dict().items()}


def sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def gru(w: dict[str, Array], x: Array, h: Array) -> Array:
    """One step of ``torch.nn.GRU``."""
    i_r, i_z, i_n = np.split(w["recurrent.weight_ih_l0"] @ x + w["recurrent.bias_ih_l0"], 3)
    h_r, h_z, h_n = np.split(w["recurrent.weight_hh_l0"] @ h + w["recurrent.bias_hh_l0"], 3)
    reset, update = sigmoid(i_r + h_r), sigmoid(i_z + h_z)
    candidate = np.tanh(i_n + reset * h_n)
    return np.asarray((1 - update) * candidate + update * h)


def segrnn_by_hand(w: dict[str, Array], rows: Array, horizon: int, segment: int) -> Array:
    """The forecasts (B, horizon, 2), one channel and one segment after the other."""
    forecasts = np.zeros((len(rows), horizon, 2))
    for row, channel in np.ndindex(len(rows), 2):
        x = rows[row, :, channel]
        last = x[-1]
        x = x[len(x) % segment :] - last
        hidden = np.zeros(w["recurrent.weight_hh_l0"].shape[1])
        for start in range(0, len(x), segment):
            embedded = w["embedding.weight"] @ x[start : start + segment] + w["embedding.bias"]
            hidden = gru(w, np.maximum(embedded, 0), hidden)
        forecast: list[float] = []
        for position in w["positions"]:
            query = np.concatenate([position, w["channel_embeddings"][channel]])
            output = w["output.weight"] @ gru(w, query, hidden) + w["output.bias"]
            forecast += (output + last).tolist()
        forecasts[row, :, channel] = forecast[:horizon]
    return forecasts


def dlinear_by_hand(w: dict[str, Array], rows: Array, horizon: int, average: int) -> Array:
    """The forecasts (B, horizon, 2), one channel after the other."""
    forecasts = np.zeros((len(rows), horizon, 2))
    before = (average - 1) // 2
    for row, channel in np.ndindex(len(rows), 2):
        x = rows[row, :, channel]
        trend = np.array(
            [
                np.mean([x[min(max(t - before + k, 0), len(x) - 1)] for k in range(average)])
                for t in range(len(x))
            ]
        )
        forecasts[row, :, channel] = (
            w["trend.weight"] @ trend
            + w["trend.bias"]
            + w["rest.weight"] @ (x - trend)
            + w["rest.bias"]
        )
    return forecasts


def assert_equals_oracle(model: AbstractModel, steps: int, oracle: Any) -> None:
    """Compares outputs and, along a random direction of all weights, their derivative."""
    rows = inputs(steps)
    logits = model(Batch(rows)).logits
    w = weights_of(model)
    expected = oracle(w, rows.numpy())
    assert np.allclose(logits.detach().numpy(), expected.reshape(len(rows), -1), atol=1e-12)
    torch.autograd.backward(weighted([logits], torch.arange))
    draw = np.random.default_rng(0)
    direction = {name: draw.standard_normal(array.shape) for name, array in w.items()}
    sums = [
        weighted([oracle({n: w[n] + s * STEP * direction[n] for n in w}, rows.numpy())], np.arange)
        for s in (1, -1)
    ]
    slope = 0.0
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        slope += float((parameter.grad.numpy() * direction[name]).sum())
    assert slope == pytest.approx((sums[0] - sums[1]) / (2 * STEP), rel=1e-7)


@pytest.mark.parametrize(("steps", "horizon", "segment"), [(12, 8, 4), (14, 7, 4), (5, 1, 5)])
def test_segrnn_equals_a_transcription_of_the_paper(steps: int, horizon: int, segment: int) -> None:
    torch.manual_seed(0)
    config = SegRnnConfig(hidden_size=7, segment=segment, dropout=0.5)
    model = SegRnn(config, signature(horizon)).double().eval()
    assert_equals_oracle(model, steps, lambda w, rows: segrnn_by_hand(w, rows, horizon, segment))


@pytest.mark.parametrize("average", [1, 4, 5, 30])
def test_dlinear_equals_a_transcription_of_the_paper(average: int) -> None:
    torch.manual_seed(0)
    model = DLinear(DLinearConfig(window=9, average=average), signature(4)).double().eval()
    assert_equals_oracle(model, 9, lambda w, rows: dlinear_by_hand(w, rows, 4, average))


def test_any_cell_reads_the_segments() -> None:
    for cell in ("lstm", "rnn", "mingru"):
        model = SegRnn(SegRnnConfig(hidden_size=8, segment=4, cell=cell), signature(6)).double()
        assert model(Batch(inputs(8))).logits.shape == (3, 12)


def test_every_quantile_of_a_value_is_forecast_from_that_value_alone() -> None:
    outputs = Values(6, names=signature(3).outputs.names, quantiles=(0.1, 0.5, 0.9))
    quantiles = replace(signature(3), outputs=outputs)
    models = (
        SegRnn(SegRnnConfig(hidden_size=8, segment=2), quantiles),
        DLinear(DLinearConfig(window=6), quantiles),
    )
    for model in models:
        rows = inputs(6).requires_grad_()
        logits = model.double()(Batch(rows)).logits.reshape(3, 3, 2, 3)  # rows, values, quantiles
        for value in range(2):
            (gradient,) = torch.autograd.grad(logits[:, :, value].sum(), rows, retain_graph=True)
            assert gradient[..., value].any()
            assert not gradient[..., 1 - value].any()


def test_a_window_that_does_not_fit_is_refused() -> None:
    segrnn = SegRnn(SegRnnConfig(hidden_size=8, segment=6), signature(4)).double()
    with pytest.raises(MisfitError, match="a window of 5 steps is shorter than a segment of 6"):
        segrnn(Batch(inputs(5)))
    dlinear = DLinear(DLinearConfig(window=6), signature(4)).double()
    with pytest.raises(MisfitError, match="a window of 5 steps for a model of 6; choose the same"):
        dlinear(Batch(inputs(5)))
    with pytest.raises(MisfitError, match="a window of 7 steps for a model of 6; choose the same"):
        dlinear(Batch(inputs(7)))
    with pytest.raises(MisfitError, match="windows of one length"):
        dlinear(Batch(inputs(6), lengths=torch.tensor([6, 5, 4])))
