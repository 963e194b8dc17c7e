"""The sizes of the networks that are measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from benchmarks.texts import is_here, replacement
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.run_config import RunConfig

MIN_RUN_STEPS = 1_000_000
"""Optimizer steps of a run that is measured: more than any measurement takes, which stops it."""


@final
@dataclass(frozen=True)
class Case:
    """One size: what a peer needs to build the network, and the zoo's settings for the same.

    Args:
        name: ``toy``, ``d2l`` or ``fastai``.
        symbols: V.
        embedding: E; 0 for one-hot vectors.
        hidden: H.
        batch: B.
        steps: T.
        optimizer: The name of the optimizer in torch.
        learning_rate: The optimizer's learning rate.
        family: The zoo's models of this size are named ``<cell>-<family>``.
        dataset: The zoo's dataset.
        data: The dataset's settings.
        batches: The approximate number of batches in an epoch.
    """

    name: str
    symbols: int
    embedding: int
    hidden: int
    batch: int
    steps: int
    optimizer: str
    learning_rate: float
    family: str
    dataset: str
    data: dict[str, Any]
    batches: int

    @property
    def width(self) -> int:
        """F, the width of the recurrent layer's input."""
        return self.embedding or self.symbols

    def weights(self, cell: str) -> int:
        """The number of weights that are multiplied for each token.

        They are those of the recurrence and of the output layer. The projection of the input is a
        table look-up and is not counted.
        """
        return GATES[cell] * self.hidden**2 + self.symbols * self.hidden

    def flops(self, cell: str) -> int:
        """Multiplications and additions in matrix products for one token of a training step.

        Each weight is used once forward and twice backward.
        """
        return 2 * 3 * self.weights(cell)

    def run_config(
        self,
        catalog: Catalog,
        cell: str,
        *,
        backend: str = "auto",
        precision: str = "fp32",
        device: str = "cpu",
        model: dict[str, Any] | None = None,
        dataset: dict[str, Any] | None = None,
        trainer: dict[str, Any] | None = None,
    ) -> RunConfig:
        """The zoo's run of this size; the settings given here override those of the case.

        A book that cannot be downloaded is replaced, see ``texts``.
        """
        flags: dict[str, dict[str, Any]] = {
            "model": {"hidden_size": self.hidden}
            | ({"embedding_size": self.embedding} if self.embedding else {})
            | (model or {}),
            "dataset": self.data | (dataset or {}),
            "trainer": {
                "batch_size": self.batch,
                "optimizer": self.optimizer,
                "learning_rate": self.learning_rate,
                "clip_norm": 1.0,
                "epochs": MIN_RUN_STEPS // self.batches,
            }
            | (trainer or {}),
        }
        name = self.dataset
        if not is_here(name):
            name = "text"
            flags["dataset"] |= replacement(self.dataset, self.symbols)
        resolved = resolve_run(catalog, f"{cell}-{self.family}", dataset=name)
        return resolved.run_config(flags, backend=backend, precision=precision, device=device)


GATES = {"rnn": 1, "lstm": 4, "gru": 3}
"""The cells that are measured, and their number of gates."""

WHOLE = {"validation": 0.0, "test": 0.0}
CASES = {
    case.name: case
    for case in (
        # one word and the next symbols
        Case("toy", 4, 0, 8, 1, 5, "Adam", 0.01, "stacked", "hello", {}, 1),
        # Zhang et al., Dive into Deep Learning, classic edition, sections 8.6, 9.1, 9.2
        Case(
            "d2l", 28, 0, 512, 32, 35, "SGD", 1.0, "stacked", "time-machine",
            {"steps": 35, "limit": 10_000, **WHOLE}, 9,
        ),
        # fast.ai, Practical Deep Learning for Coders 2018, lesson 6
        Case(
            "fastai", 84, 42, 256, 512, 8, "Adam", 1e-3, "embed", "nietzsche",
            {"steps": 8, **WHOLE}, 147,
        ),
    )
}  # fmt: skip
