"""Targets of any form, further inputs and metrics of a trainer's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from zoo_core import AbstractTrainerConfig, Classes, Custom, Features, Objective, Signature, Unknown
from zoo_core.data.signature import Signature as SignatureClass
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import MisfitError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.building.build import make_model, make_trainer
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.nn import AbstractModel, Batch, Output, State
from zoo_core.runtime.training import evaluation
from zoo_core.runtime.training.evaluation import evaluate
from zoo_core.runtime.training.events import EpochEnded
from zoo_core.runtime.training.loop import Loop
from zoo_core.runtime.training.trainer import AbstractTrainer
from zoo_core.testing.cases.dataset_case import equal_batches, find_mismatch

ROWS, STEPS = 8, 3
SIGNATURE = Signature(
    inputs=Features(2),
    outputs=Custom(3, targets="position and weight"),
    context={"origin": Features(1)},
)


class Positions(AbstractDataset):
    """A position (2 numbers) and a weight for each row, from its steps and an origin."""

    splits = ("train", "validation")
    example = ""
    fingerprint = "0"
    signature = SIGNATURE

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        return 2

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        for number in range(start, 2):
            generator = torch.Generator().manual_seed(number)
            inputs = torch.randn(ROWS, STEPS, 2, generator=generator)
            origin = torch.randn(ROWS, 1, 1, generator=generator)
            targets = {
                "position": inputs.sum(dim=1) + origin[:, 0],
                "weight": (inputs[:, 0, 0] > 0).float(),
            }
            yield Batch(inputs, targets, context={"origin": origin})

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        raise NotImplementedError

    def decode(self, output: Output) -> str:
        return ""


class WithOrigin(AbstractModel):
    """A linear layer of the steps and the origin."""

    causal = carries_state = False

    def __init__(self, signature: SignatureClass) -> None:
        super().__init__(signature)
        self.output = nn.Linear(2 * STEPS + 1, signature.outputs.width)

    def initial_state(self, batch_size: int) -> None:
        return None

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        assert batch.context is not None
        parts = [batch.inputs.flatten(1), batch.context["origin"].flatten(1)]
        return Output(self.output(torch.cat(parts, dim=1)), None)


class PositionTrainer(AbstractTrainer):
    """Squared error of the position and cross entropy of the weight; the farthest miss counts."""

    carries_state = False
    objective = Objective("hits", {"loss": "min", "hits": "max"})

    def __init__(self, config: AbstractTrainerConfig) -> None:
        self.config = config

    def loss(self, output: Output, batch: Batch) -> Tensor:
        position, weight = batch.targets["position"], batch.targets["weight"]
        error: Tensor = (output.logits[:, :2] - position).square().mean()
        loss: Tensor = nn.functional.binary_cross_entropy_with_logits(output.logits[:, 2], weight)
        return loss + error

    def sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        miss = (output.logits[:, :2] - batch.targets["position"]).norm(dim=1)
        return {"targets": torch.tensor(len(miss)), "hits": (miss < 0.5).sum()}

    def metrics(self, sums: Mapping[str, float]) -> dict[str, float]:
        return {"loss": sums["loss"] / sums["targets"], "hits": sums["hits"] / sums["targets"]}


def trained() -> tuple[Loop, list[EpochEnded]]:
    torch.manual_seed(0)
    config = AbstractTrainerConfig(epochs=60, batch_size=ROWS, learning_rate=0.05)
    loop = Loop(WithOrigin(SIGNATURE), Positions(), PositionTrainer(config), seed=0)
    return loop, [event for event in loop.events() if isinstance(event, EpochEnded)]


def test_a_model_learns_targets_of_its_trainers_own_form() -> None:
    _, epochs = trained()
    first, last = epochs[0].metrics["validation"], epochs[-1].metrics["validation"]
    assert last["loss"] < first["loss"]
    assert last["hits"] > first["hits"]


def test_the_best_epoch_is_that_of_the_trainers_main_metric() -> None:
    loop, epochs = trained()
    hits = [event.metrics["validation"]["hits"] for event in epochs]
    assert loop.progress.best_value == max(hits)
    assert loop.progress.best_epoch == hits.index(max(hits)) + 1
    assert epochs[loop.progress.best_epoch - 1].best


def test_sums_are_computed_in_full_precision_beside_a_model_in_bfloat16() -> None:
    class Products(PositionTrainer):
        def sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
            return {"products": output.logits.float() @ output.logits.float().T}

    trainer = Products(AbstractTrainerConfig(epochs=1, batch_size=ROWS, learning_rate=0.05))
    targets = {"position": torch.zeros(ROWS, 2), "weight": torch.zeros(ROWS)}
    batch = Batch(torch.zeros(ROWS, STEPS, 2), targets)
    with torch.autocast("cpu", torch.bfloat16):
        _, sums = trainer.loss_and_sums(Output(torch.rand(ROWS, 3), None), batch)
    assert sums["products"].dtype == torch.float32


def test_an_evaluation_in_pieces_equals_one_of_whole_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop, _ = trained()
    parts = (loop.model, loop.dataset, loop.trainer, "validation")
    whole = evaluate(*parts)
    monkeypatch.setattr(evaluation, "MAX_LOGITS", 7)
    assert evaluate(*parts) == pytest.approx(whole, rel=1e-6)


def test_the_checks_compare_trees_and_further_inputs() -> None:
    batches = list(Positions().batches("train", ROWS, 0, 0))
    assert equal_batches(batches, list(Positions().batches("train", ROWS, 1, 0)))
    assert not equal_batches(batches, batches[::-1])
    assert find_mismatch(SIGNATURE, batches[0]) is None
    short = batches[0]._replace(targets={"position": batches[0].targets["position"][:3]})
    assert find_mismatch(SIGNATURE, short) is not None
    assert find_mismatch(SIGNATURE, batches[0]._replace(context=None)) is not None


def test_a_model_that_takes_no_further_inputs_refuses_them() -> None:
    catalog = load_catalog()
    run_config = resolve_run(catalog, "gru-stacked").run_config()
    with pytest.raises(
        MisfitError, match="gru-stacked takes no further inputs; hello gives origin"
    ):
        make_model(catalog, run_config, replace(SIGNATURE, outputs=Classes(2)))


def test_outputs_that_no_trainer_takes_are_refused_before_training() -> None:
    catalog = load_catalog()
    run_config = resolve_run(catalog, "gru-stacked").run_config()
    with pytest.raises(MisfitError, match="supervised trains on labels, but hello has own targets"):
        make_trainer(catalog, run_config, SIGNATURE)
