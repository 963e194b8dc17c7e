"""Records of runs that no one trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoo_core.comparisons.run_record import CurvePoint, RunRecord
from zoo_core.run_folder.run_config import RunConfig

TOKENS_PER_EPOCH = 100


def run_config(model: str = "gru", seed: int = 0, **changes: Any) -> RunConfig:
    """Returns a run config; settings of the model, ``steps`` and fields may be changed."""
    switches = {"bidirectional": changes.pop("bidirectional")} if "bidirectional" in changes else {}
    return RunConfig(
        model=model,
        dataset=changes.pop("dataset", "text"),
        trainer="next-token",
        plugins={"model": "zoo-gru", "dataset": "zoo-text", "trainer": "zoo-train"},
        configs={
            "model": {"hidden_size": changes.pop("hidden_size", 8), **switches},
            "dataset": {"steps": changes.pop("steps", 64)},
            "trainer": {"epochs": 2, "save_every": changes.pop("save_every", 15.0)},
        },
        seed=seed,
        **changes,
    )


def record(
    losses: list[float], model: str = "gru", seed: int = 0, *, data: str = "a", **changes: Any
) -> RunRecord:
    """Returns a run with a validation loss for each epoch, the last of which is its metric."""
    config = run_config(model, seed, **changes)
    curve = [
        CurvePoint(
            epoch=epoch,
            steps=epoch,
            tokens=epoch * TOKENS_PER_EPOCH,
            seconds=2.0 * epoch,
            metrics={"validation": {"loss": loss}},
        )
        for epoch, loss in enumerate(losses, start=1)
    ]
    return RunRecord(
        folder=Path(f"{model}-{seed}"),
        run_config=config,
        fingerprint=data,
        status="finished",
        parameters=1000,
        tokens=TOKENS_PER_EPOCH * len(losses),
        metrics={"validation": {"loss": losses[-1], "accuracy": 1 - losses[-1] / 10}},
        seconds=3.0 * len(losses),
        training_seconds=2.0 * len(losses),
        curve=tuple(curve),
    )


def seeds(losses: list[float], model: str = "gru", **changes: Any) -> list[RunRecord]:
    """Returns a run for each loss, with the seeds from 0 on."""
    return [record([9.0, loss], model, seed, **changes) for seed, loss in enumerate(losses)]
