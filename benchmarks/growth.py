"""Growth: how speed and memory change with sizes, epochs, plugins and runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

from benchmarks.benchmark import Setup
from benchmarks.cases import CASES
from benchmarks.measurement import Measurement, measurements
from benchmarks.memory import EPOCHS, kilobytes_per_epoch, resident_megabytes
from benchmarks.startup import zoo
from benchmarks.targets import FURTHER_EPOCH, FURTHER_PLUGIN
from benchmarks.timing import Work, interleave
from benchmarks.zoo_run import ZooRun
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import Finished

AXES: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "steps T": [(f"{n}", {"dataset": {"steps": n}}) for n in (35, 70, 140, 280)],
    "hidden size H": [(f"{n}", {"model": {"hidden_size": n}}) for n in (64, 128, 256, 512)],
    "batch size B": [(f"{n}", {"trainer": {"batch_size": n}}) for n in (8, 16, 32, 64)],
    "layers": [(f"{n}", {"model": {"num_layers": n}}) for n in (1, 2, 4)],
}
PLUGIN = """from zoo_core import ModelSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_models():
    return [ModelSpec(name="synthetic-{n}", summary="One of many.", config="a:B", factory="a:C")]
"""


def growth(setup: Setup) -> Iterator[list[Measurement]]:
    """Sizes of the LSTM of case d2l, epochs, installed plugins, local runs."""
    case = CASES["d2l"]
    for axis, settings in AXES.items():
        if not setup.wants(axis):
            continue
        sizes: dict[str, Work] = {}
        for value, overrides in settings:
            run_config = case.run_config(setup.catalog, "lstm", **overrides)
            sizes[value] = ZooRun(setup.catalog, run_config, setup.folder / f"{axis} {value}").steps
        yield measurements("growth", axis, "tokens/s", interleave(sizes, setup.effort))
    if setup.wants(FURTHER_EPOCH):
        megabytes = resident_megabytes(setup.folder / "memory")
        after = {f"{epochs}": [size] for epochs, size in zip(EPOCHS, megabytes, strict=True)}
        yield measurements("growth", "memory of a run after so many epochs", "MB", after)
        added = {"zoo train": [kilobytes_per_epoch(megabytes)]}
        yield measurements("growth", FURTHER_EPOCH, "kB", added)
    if setup.wants(FURTHER_PLUGIN):
        yield from _plugins(setup)
    if setup.wants("a further run"):
        yield from _runs(setup)


def _plugins(setup: Setup) -> Iterator[list[Measurement]]:
    count = 50 if setup.quick else 500
    folder = setup.folder / "plugins"
    for n in range(count):
        metadata = folder / f"synthetic_{n}-1.0.dist-info"
        metadata.mkdir(parents=True)
        metadata.joinpath("METADATA").write_text(f"Name: synthetic-{n}\nVersion: 1.0\n", "utf-8")
        entry_points = f"[zoo]\nsynthetic-{n} = synthetic_{n}\n"
        metadata.joinpath("entry_points.txt").write_text(entry_points, "utf-8")
        folder.joinpath(f"synthetic_{n}.py").write_text(PLUGIN.format(n=n), "utf-8")
    implementations = {
        "those installed": zoo("list"),
        f"and {count}": zoo("list", PYTHONPATH=str(folder)),
    }
    samples = interleave(implementations, setup.effort)
    yield measurements("growth", "plugins", "zoo list/s", samples)
    yield measurements(
        "growth", FURTHER_PLUGIN, "ms", {"zoo list": _milliseconds_each(samples, count)}
    )


def _runs(setup: Setup) -> Iterator[list[Measurement]]:
    count = 1_000 if setup.quick else 10_000
    home = setup.folder / "home"
    first = home / "runs" / "run-0"
    run_config = resolve_run(setup.catalog, "rnn-embed.hello").run_config(
        {"trainer": {"epochs": 1}}
    )
    events = list(Run(setup.catalog, run_config, first).events())
    assert isinstance(events[-1], Finished), "a run ends with Finished"
    shutil.rmtree(first / "state")
    for n in range(1, count):
        shutil.copytree(first, home / "runs" / f"run-{n}")
    empty = setup.folder / "empty"
    implementations = {
        "0": zoo("runs", ZOO_HOME=str(empty)),
        f"{count:,}": zoo("runs", ZOO_HOME=str(home)),
    }
    samples = interleave(implementations, setup.effort)
    yield measurements("growth", "runs", "zoo runs/s", samples)
    yield measurements(
        "growth", "a further run", "ms", {"zoo runs": _milliseconds_each(samples, count)}
    )


def _milliseconds_each(samples: dict[str, list[float]], count: int) -> list[float]:
    """Milliseconds per additional plugin or run, from starts per second without and with them."""
    without, with_them = samples.values()
    return [1000 * (1 / b - 1 / a) / count for a, b in zip(without, with_them, strict=True)]
