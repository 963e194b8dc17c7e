"""Runs for reports, written by hand: a checkpoint with other settings and other curves."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

SAMPLE = "the quick brown fox"


def write_run(
    hello: Path,
    folder: Path,
    *,
    seed: int = 0,
    rate: float = 0.01,
    epochs: int = 20,
    steps: int = 0,
    samples: tuple[str, ...] = (),
    **changes: Any,
) -> Path:
    """Writes the folder of a run.

    The loss after epoch ``e`` is ``exp(-rate * e) + seed / 10`` on both splits.

    Args:
        hello: A checkpoint.
        folder: The new folder.
        seed: The seed.
        rate: The learning rate.
        epochs: The number of epochs.
        steps: The number of rows of ``steps.jsonl``; 0 for none, as an older version left it.
        samples: The texts of ``samples.jsonl``.
        changes: Other values of the manifest.
    """
    shutil.copytree(hello, folder)
    manifest = json.loads((folder / "config.json").read_text("utf-8"))
    manifest["configs"]["trainer"] |= {"learning_rate": rate, "epochs": epochs}
    losses = [math.exp(-rate * epoch) + seed / 10 for epoch in range(1, epochs + 1)]
    metrics = {split: {"loss": losses[-1], "accuracy": 0.5} for split in ("train", "validation")}
    manifest |= {"seed": seed, "metrics": metrics} | changes
    (folder / "config.json").write_text(json.dumps(manifest), "utf-8")
    history = [
        {
            "epoch": epoch,
            "steps": epoch,
            "learning_rate": rate,
            "metrics": {split: {"loss": loss, "accuracy": 0.5} for split in metrics},
        }
        for epoch, loss in enumerate(losses, 1)
    ]
    _write_lines(folder / "history.jsonl", history)
    timings = [
        {"epoch": epoch, "seconds": epoch / 10, "step_seconds": 0.05, "tokens": 5}
        for epoch in range(1, epochs + 1)
    ]
    _write_lines(folder / "timings.jsonl", timings)
    rows = [
        {
            "step": step,
            "epoch": 1,
            "tokens": 5 * step,
            "loss": 1 / step + seed / 10,
            "gradient_norm": 1.0 + step % 7,
            "learning_rate": rate / step,
        }
        for step in range(1, steps + 1)
    ]
    _write_lines(folder / "steps.jsonl", rows)
    texts = [{"epoch": epoch, "step": epoch, "text": text} for epoch, text in enumerate(samples, 1)]
    _write_lines(folder / "samples.jsonl", texts)
    return folder


def _write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.unlink(missing_ok=True)
    if rows:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
