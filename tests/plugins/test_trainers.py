"""Trainers: losses and metrics against values computed by hand."""

from __future__ import annotations

import math

import pytest
import torch

from zoo_core import Signature, Tokens
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn.batch import IGNORED, Batch, Output
from zoo_core.runtime.training.trainer import AbstractTrainer, MetricSums
from zoo_train.configs import NextTokenConfig, SupervisedConfig
from zoo_train.next_token import NextTokenTrainer
from zoo_train.supervised import SupervisedTrainer

LABELS = Signature(inputs=Tokens(2), classes=2, per="step")
NEXT = Signature(inputs=Tokens(2), classes=2, per="step", next_symbol=True)
LOG3 = math.log(3)
LOGITS = torch.tensor([[[LOG3, 0.0], [0.0, LOG3], [LOG3, 0.0]]], dtype=torch.float64)
"""Probabilities 3/4 and 1/4 in turns."""
RIGHT, WRONG = math.log(4 / 3), math.log(4)
"""The loss where the likelier class is the label, and where it is not."""


@pytest.fixture(params=["supervised", "next-token"])
def trainer(request: pytest.FixtureRequest) -> AbstractTrainer:
    if request.param == "supervised":
        return SupervisedTrainer(SupervisedConfig(), LABELS)
    return NextTokenTrainer(NextTokenConfig(), NEXT)


def batch(*targets: int) -> Batch:
    """One row of three steps."""
    return Batch(torch.zeros(1, 3, dtype=torch.long), torch.tensor([targets]))


def metrics(trainer: AbstractTrainer, *batches: Batch) -> dict[str, float]:
    """The metrics after some batches, each answered with the same logits."""
    totals, output = MetricSums(), Output(LOGITS, None)
    for each in batches:
        totals.add(trainer.loss(output, each).item(), output, each)
    return trainer.metrics(totals)


def test_the_loss_is_the_mean_cross_entropy_in_nats(trainer: AbstractTrainer) -> None:
    loss = trainer.loss(Output(LOGITS, None), batch(0, 1, 1)).item()
    assert loss == pytest.approx((2 * RIGHT + WRONG) / 3, abs=1e-12)


def test_a_label_per_sequence_has_a_loss_too(trainer: AbstractTrainer) -> None:
    targets = Batch(torch.zeros(3, 1, dtype=torch.long), torch.tensor([0, 1, 1]))
    loss = trainer.loss(Output(LOGITS[0], None), targets).item()
    assert loss == pytest.approx((2 * RIGHT + WRONG) / 3, abs=1e-12)


def test_ignored_targets_do_not_count(trainer: AbstractTrainer) -> None:
    found = metrics(trainer, batch(0, IGNORED, 1))
    assert found["loss"] == pytest.approx((RIGHT + WRONG) / 2, abs=1e-12)
    assert found["accuracy"] == 0.5


def test_ignored_targets_give_no_gradient(trainer: AbstractTrainer) -> None:
    logits = LOGITS.clone().requires_grad_()
    torch.autograd.backward(trainer.loss(Output(logits, None), batch(0, IGNORED, 1)))
    assert logits.grad is not None
    assert logits.grad[0].abs().sum(1).gt(0).tolist() == [True, False, True]


def test_accuracy_is_the_share_of_targets_that_were_likeliest(trainer: AbstractTrainer) -> None:
    assert metrics(trainer, batch(0, 1, 1))["accuracy"] == pytest.approx(2 / 3, abs=1e-12)
    assert metrics(trainer, batch(0, 1, 0))["accuracy"] == 1
    assert metrics(trainer, batch(1, 0, 1))["accuracy"] == 0


def test_batches_weigh_by_their_targets(trainer: AbstractTrainer) -> None:
    found = metrics(trainer, batch(0, 1, 0), batch(1, IGNORED, IGNORED))
    assert found["loss"] == pytest.approx((3 * RIGHT + WRONG) / 4, abs=1e-12)
    assert found["accuracy"] == 0.75


def test_next_token_tells_perplexity_and_bits_per_character() -> None:
    found = metrics(NextTokenTrainer(NextTokenConfig(), NEXT), batch(0, 1, 1))
    loss = (2 * RIGHT + WRONG) / 3
    assert found.keys() == {"loss", "perplexity", "bits_per_character", "accuracy"}
    assert found["perplexity"] == pytest.approx(math.exp(loss), rel=1e-12)
    assert found["bits_per_character"] == pytest.approx(loss / math.log(2), rel=1e-12)


def test_an_even_guess_among_classes_has_their_number_as_perplexity() -> None:
    trainer = NextTokenTrainer(NextTokenConfig(), NEXT)
    totals = MetricSums(loss=math.log(27) * 10, correct=0, targets=10)
    assert trainer.metrics(totals)["perplexity"] == pytest.approx(27, rel=1e-12)


def test_supervised_tells_loss_and_accuracy_alone() -> None:
    found = metrics(SupervisedTrainer(SupervisedConfig(), LABELS), batch(0, 1, 1))
    assert found.keys() == {"loss", "accuracy"}


def test_a_huge_loss_has_a_finite_perplexity() -> None:
    totals = MetricSums(loss=1e9, correct=0, targets=1)
    found = NextTokenTrainer(NextTokenConfig(), NEXT).metrics(totals)
    assert math.isfinite(found["perplexity"])


def test_next_token_refuses_other_labels_and_says_which_trainer_takes_them() -> None:
    with pytest.raises(MisfitError, match="use --trainer supervised"):
        NextTokenTrainer(NextTokenConfig(), LABELS)


@pytest.mark.parametrize("carry", [True, False])
def test_next_token_carries_the_state_if_so_chosen(carry: bool) -> None:
    assert NextTokenTrainer(NextTokenConfig(carry_state=carry), NEXT).carries_state == carry


def test_supervised_starts_every_batch_anew() -> None:
    assert not SupervisedTrainer(SupervisedConfig(), LABELS).carries_state


def test_every_parameter_is_trained_once(trainer: AbstractTrainer) -> None:
    from zoo_lstm.configs import LstmEmbedConfig
    from zoo_lstm.embed import EmbeddingLstm

    model = EmbeddingLstm(LstmEmbedConfig(hidden_size=3), NEXT)
    groups = trainer.parameter_groups(model)
    given = [each for group in groups for each in group["params"]]  # type: ignore[attr-defined]
    assert sorted(map(id, given)) == sorted(map(id, model.parameters()))
