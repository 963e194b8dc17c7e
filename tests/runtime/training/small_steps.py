"""Training steps of small models over seven symbols, and batches to train them on."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.building.build import make_dataset, make_model, make_trainer
from zoo_core.runtime.nn.batch import IGNORED, Batch
from zoo_core.runtime.nn.state import detach
from zoo_core.runtime.training.step import StepResult, TrainStep

SYMBOLS = 7
MODELS = ("rnn-embed", "lstm-embed", "gru-embed", "rnn-stacked", "lstm-stacked", "gru-stacked")


def small_step_of(
    catalog: Catalog,
    name: str = "lstm-embed",
    *,
    backend: str,
    dtype: torch.dtype,
    whole: bool = True,
    precision: str = "fp32",
    model: dict[str, Any] | None = None,
    **trainer: Any,
) -> TrainStep:
    """Makes the step of a small model, whole or ordinary."""
    values = {
        "model": {"hidden_size": 9, "num_layers": 1} | (model or {}),
        "dataset": {"word": "abcdefg", "answer": "bcdefga"},
        "trainer": {"learning_rate": 0.05} | trainer,
    }
    run_config = resolve_run(catalog, name, dataset="hello").run_config(values, backend=backend)
    dataset = make_dataset(catalog, run_config, None)
    torch.manual_seed(0)
    network = make_model(catalog, run_config, dataset.signature).to(dtype)
    objective = make_trainer(catalog, run_config, dataset.signature)
    if whole:
        objective.use_kernel(network)
    return TrainStep(network, objective, steps=20, device="cpu", precision=precision)


def batches(rows: int, steps: int) -> list[Batch]:
    """Random batches, some targets of which do not count."""
    generator = torch.Generator().manual_seed(rows * steps)

    def numbers() -> Tensor:
        return torch.randint(0, SYMBOLS, (rows, steps), generator=generator)

    pairs = [(numbers(), numbers()) for _ in range(4)]
    for _, targets in pairs:
        targets[torch.rand(rows, steps, generator=generator) < 0.2] = IGNORED
        targets[0, 0] = 1
    return [Batch(*pair) for pair in pairs]


def train(step: TrainStep, data: list[Batch]) -> list[StepResult]:
    """Trains on batches, each from the state after the one before."""
    results: list[StepResult] = []
    for number, batch in enumerate(data):
        state = detach(results[-1].output.state) if results else None
        results.append(step(batch, state, number))
    return results
