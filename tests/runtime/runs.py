"""Small runs on a small text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.resume import resume
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import EpochEnded, Event, Finished, Saved, Stepped

TEXT = "the quick brown fox jumps over the lazy dog; then it sleeps all day.\n" * 4
SAME = ("model.safetensors", "history.jsonl", "steps.jsonl", "config.json")
Settings = dict[str, dict[str, Any]]


def small_run_config(catalog: Catalog, path: Path, **settings: dict[str, Any]) -> RunConfig:
    """Returns a run of three epochs of five or six steps: a two-layer LSTM, dropout, a schedule.

    Args:
        catalog: The installed plugins.
        path: A text file.
        settings: Settings by section, which override those below.
    """
    flags: Settings = {
        "model": {"hidden_size": 6, "embedding_size": 4, "num_layers": 2, "dropout": 0.4},
        "dataset": {"path": path, "steps": 10, "sampling": "random"},
        "trainer": {
            "epochs": 3,
            "batch_size": 4,
            "learning_rate": 0.02,
            "schedule": "CosineAnnealingLR",
            "clip_norm": 0.5,
            "save_every": 0.0,
        },
    }
    together = {name: flags[name] | settings.get(name, {}) for name in flags}
    chosen = resolve_run(catalog, "lstm-embed", dataset="text")
    return chosen.run_config(together, seed=3, device="cpu", threads=1)


def finish(run: Run) -> Finished:
    """Runs a run to its end."""
    *_, last = run.events()
    assert isinstance(last, Finished)
    return last


def train(catalog: Catalog, run_config: RunConfig, folder: Path) -> Finished:
    """Trains a run from beginning to end."""
    return finish(Run(catalog, run_config, folder))


def resume_to_end(catalog: Catalog, folder: Path) -> Finished:
    """Resumes an interrupted run as another process would, and carries it out to its end."""
    torch.manual_seed(12345)
    return finish(resume(catalog, folder))


def interrupt(run: Run, step: int) -> list[Event]:
    """Returns the events of a run that Ctrl+C interrupts at a step."""
    seen: list[Event] = []
    events = run.events()
    try:
        for event in events:
            seen.append(event)
            if isinstance(event, Stepped) and run.loop.progress.steps == step:
                events.throw(KeyboardInterrupt())
    except KeyboardInterrupt:
        return seen
    raise AssertionError(f"the run ended before step {step}")


def kill(run: Run, steps: int | str) -> None:
    """Leaves a run as a kill does: after the state of a step, or ``evaluated``.

    In the second case the state is of an epoch that is evaluated, and the kill comes after its end.
    """
    for event in run.events():
        if isinstance(event, Saved) and isinstance(steps, int) and event.step >= steps:
            return
        if isinstance(event, EpochEnded) and steps == "evaluated" and event.epoch == 2:
            return


def contents(folder: Path) -> dict[str, bytes]:
    """Returns the files that repeat bit for bit."""
    return {name: (folder / name).read_bytes() for name in SAME}
