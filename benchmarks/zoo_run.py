"""The zoo as it is used: its models, data and trainer, as ``zoo train`` runs them."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import final

import torch

from benchmarks.cases import CASES
from zoo_cli.terminal.progress import Progress
from zoo_core import Classes, Signature, Tokens
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.building.build import make_model
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.generation.texts import generate_texts
from zoo_core.runtime.hardware.allocator import keep_freed_memory
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import Stepped


@final
class ZooRun:
    """A run under implementation.

    Args:
        catalog: What is installed.
        run_config: Of the run.
        folder: Where it saves its states, as every run does.
    """

    def __init__(self, catalog: Catalog, run_config: RunConfig, folder: Path) -> None:
        keep_freed_memory()  # as the command does
        self.run = Run(catalog, run_config, folder)
        self.events = self.run.events()
        self.progress = Progress()
        self.tokens = 0

    def steps(self, count: int) -> float:
        """Takes a number of optimizer steps and returns the number of targets predicted in them."""
        before = self.tokens
        with contextlib.redirect_stderr(io.StringIO()):
            while count:
                event = next(self.events)
                self.progress.show(event)
                if isinstance(event, Stepped):
                    count, self.tokens = count - 1, event.tokens
        return self.tokens - before

    def generate(self, length: int, precision: str = "fp32") -> list[int]:
        """Generates the most likely symbols after the vocabulary's first, as the peers do."""
        model = self.run.loop.model
        if model.training:
            model.eval()
        first = Batch(torch.zeros(1, 1, dtype=torch.long)).to(self.run.run_config.device)
        (text,) = generate_texts(model, [first], [Sampler(temperature=0)], [length], precision)
        return text


def backends(catalog: Catalog) -> list[str]:
    """Every backend that may run an RNN but the reference, the slowest first."""
    model = make_model(
        catalog,
        CASES["toy"].run_config(catalog, "rnn"),
        Signature(inputs=Tokens(2), outputs=Classes(2, per="step")),
    )
    layer = next(each for each in model.modules() if isinstance(each, Recurrent))
    kernels = [
        each for each in layer.kernels if each.cells is None or layer.cell.name in each.cells
    ]
    return [kernel.name for kernel in reversed(kernels) if kernel.name != "reference"]
