"""The choice of the backend: what the backend ``auto`` loses to the fastest one of the zoo.

A step is the forward pass, the loss and the backward pass, without an optimizer, which would cost
every backend the same. An evaluation is the forward pass alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, final

import click
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from benchmarks.benchmark import Setup
from benchmarks.cases import GATES
from benchmarks.measurement import Measurement, measurements
from benchmarks.targets import LOST
from benchmarks.timing import Work, interleave
from benchmarks.zoo_run import backends
from zoo_core import Classes, Signature, Tokens
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.run_config import PRECISIONS
from zoo_core.runtime.building.build import make_model
from zoo_core.runtime.building.kernel_choice import backend_of, fix_backend
from zoo_core.runtime.hardware.allocator import keep_freed_memory
from zoo_core.runtime.hardware.device import multiplies_bfloat16, precision_context
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import AbstractModel

AUTO = "auto"


@final
@dataclass(frozen=True)
class Point:
    """A size at which the backends are compared.

    Args:
        name: The sizes in words.
        model: The model.
        symbols: V.
        batch: B.
        steps: T.
        settings: The model's settings.
        trains: Whether a step is measured, or an evaluation.
    """

    name: str
    model: str
    symbols: int
    batch: int
    steps: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    trains: bool = True


def _lstm(
    name: str, batch: int, steps: int, hidden: int, *, trains: bool = True, **settings: Any
) -> Point:
    settings = {"hidden_size": hidden, **settings}
    return Point(name, "lstm-stacked", 28, batch, steps, settings, trains)


D2L = {"hidden_size": 512}
FASTAI = {"hidden_size": 256, "embedding_size": 42}
POINTS = (
    *(Point(f"d2l {cell}", f"{cell}-stacked", 28, 32, 35, D2L) for cell in GATES),
    *(Point(f"fastai {cell}", f"{cell}-embed", 84, 512, 8, FASTAI) for cell in GATES),
    _lstm("lstm B 1 T 512 H 256", 1, 512, 256),
    _lstm("lstm B 32 T 35 H 1024", 32, 35, 1024),
    _lstm("lstm B 32 T 35 H 2048", 32, 35, 2048),
    _lstm("lstm B 32 T 35 H 512, 2 layers", 32, 35, 512, num_layers=2),
    _lstm("lstm B 32 T 35 H 512, bidirectional", 32, 35, 512, bidirectional=True),
    _lstm("lstm B 64 T 64 H 256", 64, 64, 256),
    _lstm("lstm B 128 T 35 H 512", 128, 35, 512),
    _lstm("lstm B 512 T 35 H 512", 512, 35, 512),
    _lstm("evaluation, lstm B 1 T 35 H 512", 1, 35, 512, trains=False),
    _lstm("evaluation, lstm B 32 T 35 H 512", 32, 35, 512, trains=False),
    _lstm("evaluation, lstm B 512 T 8 H 256", 512, 8, 256, trains=False),
)  # fmt: skip
"""Sizes of training, of long and of wide networks, and of evaluation."""


def choice(setup: Setup) -> Iterator[list[Measurement]]:
    """Every size in every precision of this processor, and what ``auto`` loses there.

    The rates of ``auto`` are those of the backend that it takes.
    """
    keep_freed_memory()  # as the commands do
    worst = (-1.0, "")
    for point in POINTS:
        for precision in PRECISIONS if multiplies_bfloat16("cpu") else ("fp32",):
            name = f"{point.name} {precision}"
            if not setup.wants(name + LOST):
                continue
            chosen, works = implementations(setup.catalog, point, precision)
            samples = interleave(works, setup.effort)
            yield measurements("choice", name, "tokens/s", {**samples, AUTO: samples[chosen]})
            lost = lost_shares(samples, chosen)
            yield measurements("choice", name + LOST, "%", {AUTO: lost})
            worst = max(worst, (median(lost), f"{name}, where it takes {chosen}"))
    percent, name = worst
    if name:
        click.echo(f"choice: auto loses {percent:.1f} % at most, at {name}")


def lost_shares(samples: Mapping[str, Sequence[float]], chosen: str) -> list[float]:
    """Returns what a backend loses to the fastest one in each turn, in percent of its rate.

    The fastest is the one with the highest median of the ratios within a turn.
    """
    base = samples[chosen]

    def ratios(name: str) -> list[float]:
        return [rate / base_rate for rate, base_rate in zip(samples[name], base, strict=True)]

    fastest = max(samples, key=lambda name: median(ratios(name)))
    return [100 * (1 - 1 / ratio) for ratio in ratios(fastest)]


def implementations(catalog: Catalog, point: Point, precision: str) -> tuple[str, dict[str, Work]]:
    """Returns the backend that ``auto`` takes, and the work of every backend that runs a size."""
    works: dict[str, Work] = {}
    chosen = ""
    batch, targets = _batch(point)
    for name in (AUTO, *backends(catalog)):
        run_config = resolve_run(catalog, point.model).run_config(
            {"model": dict(point.settings)}, backend=name, precision=precision, device="cpu"
        )
        torch.manual_seed(0)
        signature = Signature(
            inputs=Tokens(point.symbols), outputs=Classes(point.symbols, per="step")
        )
        model = make_model(catalog, run_config, signature)
        with precision_context(precision, "cpu"):
            backend = backend_of(model, point.batch, batch, trains=point.trains)
        if name == AUTO:
            chosen = backend.name
        elif backend.name == name:
            fix_backend(model, backend)
            works[name] = _work(model, point, precision, batch, targets)
    return chosen, works


def _batch(point: Point) -> tuple[Batch, Tensor]:
    """Returns tokens (B, T) drawn at random, and targets."""
    generator = torch.Generator().manual_seed(0)
    shape = (point.batch, point.steps)
    tokens, targets = (torch.randint(point.symbols, shape, generator=generator) for _ in range(2))
    return Batch(tokens), targets


def _work(
    model: AbstractModel, point: Point, precision: str, batch: Batch, targets: Tensor
) -> Work:
    """Returns steps or evaluations of a model, counted in tokens."""
    model.train(point.trains)

    def work(count: int) -> float:
        for _ in range(count):
            with precision_context(precision, "cpu"), torch.set_grad_enabled(point.trains):
                logits = model(batch).logits
                if point.trains:
                    loss = cross_entropy(logits.float().flatten(0, 1), targets.flatten())
            if point.trains:
                model.zero_grad()
                torch.autograd.backward(loss)
        return float(count * targets.numel())

    return work
