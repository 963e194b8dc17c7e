"""Trainers: losses and metrics equal values computed by hand."""

from __future__ import annotations

import math

import pytest
import torch

from zoo_core import Classes, Signature, Tokens
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn.batch import IGNORED, Batch, Output
from zoo_core.runtime.training.trainer import AbstractTrainer, add_sums
from zoo_train.configs import NextTokenConfig, SupervisedConfig
from zoo_train.next_token import NextTokenTrainer
from zoo_train.supervised import SupervisedTrainer

LABELS = Signature(inputs=Tokens(2), outputs=Classes(2, per="step"))
NEXT = Signature(inputs=Tokens(2), outputs=Classes(2, per="step", next_token=True))
LOG3 = math.log(3)
LOGITS = torch.tensor([[[LOG3, 0.0], [0.0, LOG3], [LOG3, 0.0]]], dtype=torch.float64)
"""Probabilities 3/4 and 1/4, 1/4 and 3/4, 3/4 and 1/4."""
RIGHT, WRONG = math.log(4 / 3), math.log(4)
"""The losses of a step whose more likely class is the label, and of one whose is not."""


@pytest.fixture(params=["supervised", "next-token"])
def trainer(request: pytest.FixtureRequest) -> AbstractTrainer:
    if request.param == "supervised":
        return SupervisedTrainer(SupervisedConfig(), LABELS)
    return NextTokenTrainer(NextTokenConfig(), NEXT)


def batch(*targets: int) -> Batch:
    """Returns a batch of one row with three steps."""
    return Batch(torch.zeros(1, 3, dtype=torch.long), torch.tensor([targets]))


def metrics(trainer: AbstractTrainer, *batches: Batch) -> dict[str, float]:
    """Returns the metrics of some batches, all with the same logits."""
    totals: dict[str, float] = {}
    output = Output(LOGITS, None)
    for labelled in batches:
        sums = {name: float(value) for name, value in trainer.sums(output, labelled).items()}
        add_sums(totals, trainer.loss(output, labelled).item(), sums)
    return trainer.metrics(totals)


def test_the_loss_is_the_mean_cross_entropy_in_nats(trainer: AbstractTrainer) -> None:
    loss = trainer.loss(Output(LOGITS, None), batch(0, 1, 1)).item()
    assert loss == pytest.approx((2 * RIGHT + WRONG) / 3, abs=1e-12)


def test_the_loss_accepts_labels_per_sequence(trainer: AbstractTrainer) -> None:
    targets = Batch(torch.zeros(3, 1, dtype=torch.long), torch.tensor([0, 1, 1]))
    loss = trainer.loss(Output(LOGITS[0], None), targets).item()
    assert loss == pytest.approx((2 * RIGHT + WRONG) / 3, abs=1e-12)


def test_ignored_targets_do_not_count(trainer: AbstractTrainer) -> None:
    values = metrics(trainer, batch(0, IGNORED, 1))
    assert values["loss"] == pytest.approx((RIGHT + WRONG) / 2, abs=1e-12)
    assert values["accuracy"] == 0.5


def test_ignored_targets_give_no_gradient(trainer: AbstractTrainer) -> None:
    logits = LOGITS.clone().requires_grad_()
    torch.autograd.backward(trainer.loss(Output(logits, None), batch(0, IGNORED, 1)))
    assert logits.grad is not None
    assert logits.grad[0].abs().sum(1).gt(0).tolist() == [True, False, True]


def test_accuracy_is_the_fraction_of_targets_with_the_highest_logit(
    trainer: AbstractTrainer,
) -> None:
    assert metrics(trainer, batch(0, 1, 1))["accuracy"] == pytest.approx(2 / 3, abs=1e-12)
    assert metrics(trainer, batch(0, 1, 0))["accuracy"] == 1
    assert metrics(trainer, batch(1, 0, 1))["accuracy"] == 0


def test_metrics_weight_batches_by_their_targets(trainer: AbstractTrainer) -> None:
    values = metrics(trainer, batch(0, 1, 0), batch(1, IGNORED, IGNORED))
    assert values["loss"] == pytest.approx((3 * RIGHT + WRONG) / 4, abs=1e-12)
    assert values["accuracy"] == 0.75


def test_next_token_has_perplexity_and_bits_per_character() -> None:
    values = metrics(NextTokenTrainer(NextTokenConfig(), NEXT), batch(0, 1, 1))
    loss = (2 * RIGHT + WRONG) / 3
    assert values.keys() == {"loss", "perplexity", "bits_per_character", "accuracy"}
    assert values["perplexity"] == pytest.approx(math.exp(loss), rel=1e-12)
    assert values["bits_per_character"] == pytest.approx(loss / math.log(2), rel=1e-12)


def test_the_perplexity_of_a_uniform_guess_is_the_number_of_classes() -> None:
    trainer = NextTokenTrainer(NextTokenConfig(), NEXT)
    sums = {"loss": math.log(27) * 10, "correct": 0, "targets": 10}
    assert trainer.metrics(sums)["perplexity"] == pytest.approx(27, rel=1e-12)


def test_supervised_has_only_loss_and_accuracy() -> None:
    values = metrics(SupervisedTrainer(SupervisedConfig(), LABELS), batch(0, 1, 1))
    assert values.keys() == {"loss", "accuracy"}


def test_the_perplexity_of_a_huge_loss_is_finite() -> None:
    sums = {"loss": 1e9, "correct": 0, "targets": 1}
    values = NextTokenTrainer(NextTokenConfig(), NEXT).metrics(sums)
    assert math.isfinite(values["perplexity"])


def test_next_token_rejects_other_labels_and_names_the_trainer_for_them() -> None:
    with pytest.raises(MisfitError, match="use --trainer supervised"):
        NextTokenTrainer(NextTokenConfig(), LABELS)


@pytest.mark.parametrize("carry", [True, False])
def test_next_token_carries_the_state_as_configured(carry: bool) -> None:
    assert NextTokenTrainer(NextTokenConfig(carry_state=carry), NEXT).carries_state == carry


def test_supervised_carries_no_state() -> None:
    assert not SupervisedTrainer(SupervisedConfig(), LABELS).carries_state
