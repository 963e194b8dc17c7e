"""What a notebook or a Python prompt shows of a checkpoint."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import NamedTuple, final

from zoo_core.data.signature import Signature
from zoo_core.run_folder.manifest import Metrics
from zoo_core.run_folder.run_config import RunConfig


@final
class Summary(NamedTuple):
    """The facts that a checkpoint shows of itself.

    Args:
        folder: The checkpoint's folder.
        run_config: The run that made it.
        signature: The inputs and outputs of its model.
        parameters: The number of weights.
        finished: Whether the run reached its end.
        metrics: The metrics of each split.
    """

    folder: Path
    run_config: RunConfig
    signature: Signature
    parameters: int
    finished: bool
    metrics: Metrics

    def line(self) -> str:
        """Returns one line: name, folder, size, state and metrics."""
        facts = [f"{self.parameters:,} parameters"]
        if not self.finished:
            facts.append("unfinished")
        facts += [f"{split} {values}" for split, values in _format_metrics(self.metrics).items()]
        name = self.run_config.recipe or self.run_config.model
        return f"<Checkpoint {name} in {str(self.folder)!r}: {'; '.join(facts)}>"

    def table(self) -> str:
        """Returns a small HTML table."""
        run_config = self.run_config
        rows = {
            "checkpoint": run_config.recipe or run_config.model,
            "folder": str(self.folder),
            "state": "finished" if self.finished else "unfinished",
            "model": f"{run_config.model}, {self.parameters:,} parameters",
            "data": f"{run_config.dataset}: {self.signature.describe_sizes()}",
            "trainer": f"{run_config.trainer}, seed {run_config.seed}",
        } | _format_metrics(self.metrics)
        lines = [
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
            for name, value in rows.items()
        ]
        return "\n".join(["<table>", *lines, "</table>"])


def _format_metrics(metrics: Metrics) -> dict[str, str]:
    """Returns the metrics of each split, such as ``loss 0.31, accuracy 0.9``."""
    return {
        split: ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        for split, values in metrics.items()
    }
