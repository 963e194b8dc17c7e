"""What a notebook or a Python prompt shows of a checkpoint."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from zoo_core.run_folder.manifest import Metrics

if TYPE_CHECKING:
    from zoo_core.runtime.checkpoints.checkpoint import Checkpoint


def summary_line(checkpoint: Checkpoint) -> str:
    """Returns a checkpoint in one line: name, folder, size, state and metrics."""
    run_config = checkpoint.run_config
    facts = [f"{_count_parameters(checkpoint):,} parameters"]
    if not checkpoint.finished:
        facts.append("unfinished")
    facts += [f"{split} {values}" for split, values in _format_metrics(checkpoint.metrics).items()]
    name = run_config.recipe or run_config.model
    return f"<Checkpoint {name} in {str(checkpoint.folder)!r}: {'; '.join(facts)}>"


def summary_table(checkpoint: Checkpoint) -> str:
    """Returns a checkpoint as a small HTML table."""
    run_config = checkpoint.run_config
    rows = {
        "checkpoint": run_config.recipe or run_config.model,
        "folder": str(checkpoint.folder),
        "state": "finished" if checkpoint.finished else "unfinished",
        "model": f"{run_config.model}, {_count_parameters(checkpoint):,} parameters",
        "data": f"{run_config.dataset}: {checkpoint.signature.describe_sizes()}",
        "trainer": f"{run_config.trainer}, seed {run_config.seed}",
    } | _format_metrics(checkpoint.metrics)
    lines = [
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows.items()
    ]
    return "\n".join(["<table>", *lines, "</table>"])


def _count_parameters(checkpoint: Checkpoint) -> int:
    return sum(tensor.numel() for tensor in checkpoint.weights.values())


def _format_metrics(metrics: Metrics) -> dict[str, str]:
    """Returns the metrics of each split, such as ``loss 0.31, accuracy 0.9``."""
    return {
        split: ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        for split, values in metrics.items()
    }
