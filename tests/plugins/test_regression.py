"""The regression trainer: losses equal torch's, metrics equal values computed by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from zoo_core import Classes, Features, Signature, Values
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.runtime.nn import Batch, Output
from zoo_core.runtime.training.trainer import add_sums
from zoo_train.configs import RegressionConfig
from zoo_train.regression import RegressionTrainer

OUTPUTS = Values(2, per="step", offset=(10.0, -1.0), scale=(2.0, 0.5), naive_error=(4.0, 0.0))
SIGNATURE = Signature(inputs=Features(3), outputs=OUTPUTS)
PLAIN = replace(SIGNATURE, outputs=Values(2, per="step"))
GENERATOR = torch.Generator().manual_seed(0)
TARGETS = torch.randn(4, 5, 2, generator=GENERATOR, dtype=torch.float64)
PREDICTED = torch.randn(4, 5, 2, generator=GENERATOR, dtype=torch.float64)


def trainer(signature: Signature = PLAIN, **settings: Any) -> RegressionTrainer:
    return RegressionTrainer(RegressionConfig(**settings), signature)


def batch(targets: Tensor = TARGETS) -> Batch:
    return Batch(torch.zeros(*targets.shape[:2], 3), targets)


def metrics(of: RegressionTrainer, *pairs: tuple[Tensor, Tensor]) -> dict[str, float]:
    """Returns the metrics of batches of predictions and targets."""
    totals: dict[str, float] = {}
    for predicted, targets in pairs:
        output, labelled = Output(predicted, None), batch(targets)
        sums = {name: float(value) for name, value in of.sums(output, labelled).items()}
        add_sums(totals, float(of.loss(output, labelled)), sums)
    return of.metrics(totals)


@pytest.mark.parametrize(
    ("settings", "oracle"),
    [
        ({"loss": "mse"}, nn.MSELoss()),
        ({"loss": "mae"}, nn.L1Loss()),
        ({"loss": "huber"}, nn.HuberLoss(delta=1.0)),
        ({"loss": "huber", "delta": 0.3}, nn.HuberLoss(delta=0.3)),
    ],
    ids=str,
)
def test_a_loss_and_its_gradient_are_torchs(settings: dict[str, Any], oracle: nn.Module) -> None:
    ours, theirs = (PREDICTED.clone().requires_grad_() for _ in range(2))
    loss, expected = trainer(**settings).loss(Output(ours, None), batch()), oracle(theirs, TARGETS)
    assert loss.item() == pytest.approx(expected.item(), abs=1e-12)
    torch.autograd.backward([loss, expected])
    assert ours.grad is not None
    assert theirs.grad is not None
    assert torch.allclose(ours.grad, theirs.grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize("signature", [PLAIN, SIGNATURE], ids=["plain", "scaled"])
@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "quantile"])
def test_values_that_do_not_count_change_no_sum_of_the_others(
    loss: str, signature: Signature
) -> None:
    of = trainer(signature, loss=loss)
    predicted = torch.randn(4, 5, 2 * max(len(of.quantiles), 1), generator=GENERATOR).double()
    targets = TARGETS.clone()
    targets[0, 0] = 0.0  # without a relative error, if there is no offset
    none = torch.full((1, 5, 2), torch.nan, dtype=torch.float64)
    padded = batch(torch.cat([targets, none]))
    more = Output(torch.cat([predicted, predicted[:1]]), None)
    expected_loss, expected = of.loss_and_sums(Output(predicted, None), batch(targets))
    actual_loss, actual = of.loss_and_sums(more, padded)
    assert list(actual) == list(expected)
    torch.testing.assert_close(list(actual.values()), list(expected.values()))
    torch.testing.assert_close(actual_loss, expected_loss)
    torch.testing.assert_close(of.sums(more, padded), actual, rtol=0, atol=0)


def test_the_quantile_loss_is_the_pinball_loss_by_hand() -> None:
    of = trainer(loss="quantile", quantiles="0.1, 0.5 0.9")
    predicted = torch.randn(4, 5, 6, generator=GENERATOR, dtype=torch.float64)
    total = 0.0
    for row in range(4):
        for step in range(5):
            for value in range(2):
                target = TARGETS[row, step, value].item()
                for index, level in enumerate((0.1, 0.5, 0.9)):
                    error = target - predicted[row, step, 3 * value + index].item()
                    total += level * error if error >= 0 else (level - 1) * error
    loss = of.loss(Output(predicted, None), batch()).item()
    assert loss == pytest.approx(total / (4 * 5 * 2 * 3), abs=1e-12)


def test_the_median_alone_is_half_the_absolute_error() -> None:
    of = trainer(loss="quantile", quantiles="0.5")
    loss = of.loss(Output(PREDICTED, None), batch()).item()
    assert loss == pytest.approx(nn.functional.l1_loss(PREDICTED, TARGETS).item() / 2, abs=1e-12)


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "quantile"])
def test_values_that_are_nan_count_in_no_loss_and_no_metric(loss: str) -> None:
    of = trainer(SIGNATURE, loss=loss, quantiles="0.5")
    partial = TARGETS.clone()
    partial[1:, :, 1] = math.nan
    partial[2] = math.nan
    other = PREDICTED.clone()
    other[partial.isnan()] = 99.0
    assert metrics(of, (PREDICTED, partial)) == metrics(of, (other, partial))
    logits = PREDICTED.clone().requires_grad_()
    torch.autograd.backward(of.loss(Output(logits, None), batch(partial)))
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert not logits.grad[partial.isnan()].any()


def test_metrics_are_in_the_units_of_measurement() -> None:
    measured = [[[10.0, 0.0], [14.0, 2.0]], [[0.0, -1.0], [12.0, 1.0]]]
    predicted = [[[11.0, 0.5], [10.0, 2.0]], [[1.0, -2.0], [12.0, 1.5]]]
    offset, scale = torch.tensor(OUTPUTS.offset), torch.tensor(OUTPUTS.scale)
    scaled = [
        (torch.tensor(numbers, dtype=torch.float64) - offset) / scale
        for numbers in (predicted, measured)
    ]
    values = metrics(trainer(SIGNATURE), (scaled[0], scaled[1]))
    errors = [1.0, 0.5, 4.0, 0.0, 1.0, 1.0, 0.0, 0.5]
    assert values["mae"] == pytest.approx(sum(errors) / 8, abs=1e-12)
    assert values["rmse"] == pytest.approx(math.sqrt(sum(e * e for e in errors) / 8), abs=1e-12)
    relative = [1 / 10, 4 / 14, 0 / 2, 1 / 1, 0 / 12, 0.5 / 1]  # two measured values are 0
    assert values["mape"] == pytest.approx(sum(relative) / 6, abs=1e-12)
    in_scale = [1 / 2, 0.5 / 0.5, 4 / 2, 0, 1 / 2, 1 / 0.5, 0, 0.5 / 0.5]
    assert values["scaled_mae"] == pytest.approx(sum(in_scale) / 8, abs=1e-12)
    # the second value has no naive error
    assert values["mase"] == pytest.approx((1 + 4 + 1 + 0) / 4 / 4, abs=1e-12)
    assert values.keys() == trainer(SIGNATURE).objective.directions.keys()


def test_metrics_of_batches_of_different_sizes_are_those_of_all_values() -> None:
    of = trainer(SIGNATURE)
    parts = [(PREDICTED[:1], TARGETS[:1]), (PREDICTED[1:], TARGETS[1:])]
    whole = metrics(of, (PREDICTED, TARGETS))
    assert metrics(of, *parts) == pytest.approx(whole, abs=1e-12)


def test_quantiles_widen_the_model_and_their_calibration_is_measured() -> None:
    of = trainer(loss="quantile", quantiles="0.25 0.75")
    signature = of.model_signature(PLAIN)
    assert isinstance(signature.outputs, Values)
    assert signature.outputs.quantiles == (0.25, 0.75)
    assert signature.outputs.width == 4
    assert of.model_signature(signature) == signature
    targets = torch.tensor([[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]])
    predicted = torch.tensor([[[0.5, 2.5, 0.5, 2.5]]]).expand(1, 4, 4)  # 1/4 and 3/4 lie below
    assert metrics(of, (predicted, targets))["calibration_error"] == pytest.approx(0, abs=1e-12)
    predicted = torch.tensor([[[-1.0, 9.0, -1.0, 9.0]]]).expand(1, 4, 4)  # none and all
    assert metrics(of, (predicted, targets))["calibration_error"] == pytest.approx(0.25, abs=1e-12)


@pytest.mark.parametrize(
    "text", ["", "a", "0 0.5", "0.5 1", "0.9 0.1", "0.5 0.5", "nan", "0.5;0.9"]
)
def test_quantiles_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^trainer\.quantiles = .*: expected numbers above 0"):
        trainer(loss="quantile", quantiles=text)


def test_other_outputs_than_values_are_refused() -> None:
    with pytest.raises(MisfitError, match="trains on values"):
        trainer(replace(PLAIN, outputs=Classes(2)))


def test_the_error_of_a_value_is_that_of_the_quantile_nearest_to_the_median() -> None:
    of = trainer(loss="quantile", quantiles="0.1 0.4 0.9")
    targets = torch.zeros(1, 2, 2)
    predicted = torch.tensor([5.0, 1.0, 7.0, 5.0, 3.0, 7.0]).expand(1, 2, 6)
    assert metrics(of, (predicted, targets))["mae"] == pytest.approx(2)


def test_a_value_that_equals_its_quantile_is_not_above_it() -> None:
    of = trainer(loss="quantile", quantiles="0.1 0.5")
    targets = torch.ones(1, 2, 2)
    values = metrics(of, (torch.ones(1, 2, 4), targets))
    assert values["calibration_error"] == pytest.approx((0.9 + 0.5) / 2)
