"""The interface of an exporter, which writes a model in the format of another library."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.exporting.verification import Comparison


@final
@dataclass(frozen=True)
class ExportOptions:
    """Options of an export. Each format takes those that its spec names.

    Args:
        int8: Whether weights are stored as 8-bit integers.
        with_sampler: Whether the exported model also draws the next symbol.
        runtime: A local copy of the library that runs the model, in the place of a download.
    """

    int8: bool = False
    with_sampler: bool = False
    runtime: Path | None = None


@final
@dataclass(frozen=True)
class ExportResult:
    """What an exporter wrote, and how it was verified.

    Args:
        usage: How to run it, in Markdown, for the card.
        comparisons: The comparisons with the model.
        notes: What the user should know, such as a loss of accuracy.
        metrics: Figures by name, such as the loss with 8-bit weights.
    """

    usage: str
    comparisons: list[Comparison]
    notes: list[str] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def difference(self) -> float:
        """The largest difference from the model."""
        return max(comparison.difference for comparison in self.comparisons)


class AbstractExporter(ABC):
    """Writes a checkpoint in one format."""

    @abstractmethod
    def export(self, checkpoint: Checkpoint, folder: Path, options: ExportOptions) -> ExportResult:
        """Writes the model into a folder that is empty, and verifies what it wrote.

        The core adds ``signature.json``, the vocabulary and a card, and removes the folder if this
        raises.

        Args:
            checkpoint: The checkpoint.
            folder: The folder.
            options: Those that the format's spec names.

        Raises:
            ExportError: The exported model differs from the model or cannot run.
            MisfitError: The format cannot express the model.
        """
