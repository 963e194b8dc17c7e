"""Growth: what becomes of the speed when there is more of everything."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from zoo_core.draft import draft
from zoo_core.runtime.events import Finished
from zoo_core.runtime.run import Run

from benchmarks.cases import CASES
from benchmarks.figure import Figure, figures
from benchmarks.ours import Ours
from benchmarks.startup import python, zoo
from benchmarks.subject import Bench
from benchmarks.timing import Work, interleave

AXES: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "steps T": [(f"{n}", {"dataset": {"steps": n}}) for n in (35, 70, 140, 280)],
    "hidden size H": [(f"{n}", {"model": {"hidden_size": n}}) for n in (64, 128, 256, 512)],
    "batch size B": [(f"{n}", {"trainer": {"batch_size": n}}) for n in (8, 16, 32, 64)],
    "layers": [(f"{n}", {"model": {"num_layers": n}}) for n in (1, 2, 4)],
}
PLUGIN = """from zoo_core import ModelSpec, hookimpl

ZOO_API = 1


@hookimpl
def zoo_models():
    return [ModelSpec(name="synthetic-{n}", summary="One of many.", config="a:B", factory="a:C")]
"""
EPOCHS = (20, 40, 80)


def growth(bench: Bench) -> Iterator[list[Figure]]:
    """Sizes of the LSTM at M, epochs, installed plugins, local runs."""
    case = CASES["M"]
    for axis, settings in AXES.items():
        ways: dict[str, Work] = {}
        for value, chosen in settings:
            plan = case.plan(bench.catalog, "lstm", **chosen)
            ways[value] = Ours(bench.catalog, plan, bench.folder / f"{axis} {value}").steps
        yield figures("growth", axis, "tokens/s", interleave(ways, bench.effort))
    yield figures("growth", "memory of a run after so many epochs", "MB", _memory(bench))
    yield figures("growth", "zoo list, plugins", "starts/s", _plugins(bench))
    yield figures("growth", "zoo runs, runs", "starts/s", _runs(bench))


def _memory(bench: Bench) -> dict[str, list[float]]:
    """What the process holds in memory, measured in one run of many short epochs."""
    plan = CASES["M"].plan(bench.catalog, "rnn", model={"hidden_size": 32})
    run = Ours(bench.catalog, plan, bench.folder / "memory")
    per_epoch = run.run.loop.batches[0]
    samples = {}
    for before, after in pairwise((0, *EPOCHS)):
        run.steps((after - before) * per_epoch)
        samples[f"{after}"] = [_resident()]
    return samples


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    return pages * 4096 / 1e6


def _plugins(bench: Bench) -> dict[str, list[float]]:
    count = 50 if bench.quick else 500
    folder = bench.folder / "plugins"
    for n in range(count):
        facts = folder / f"synthetic_{n}-1.0.dist-info"
        facts.mkdir(parents=True)
        facts.joinpath("METADATA").write_text(f"Name: synthetic-{n}\nVersion: 1.0\n", "utf-8")
        point = f"[zoo]\nsynthetic-{n} = synthetic_{n}\n"
        facts.joinpath("entry_points.txt").write_text(point, "utf-8")
        folder.joinpath(f"synthetic_{n}.py").write_text(PLUGIN.format(n=n), "utf-8")
    ways = {
        "python -c pass": python("pass"),
        "those installed": zoo("list"),
        f"and {count} more": zoo("list", PYTHONPATH=str(folder)),
    }
    return interleave(ways, bench.effort)


def _runs(bench: Bench) -> dict[str, list[float]]:
    count = 1_000 if bench.quick else 10_000
    home = bench.folder / "home"
    first = home / "runs" / "run-0"
    plan = draft(bench.catalog, "rnn-embed.hello").plan({"trainer": {"epochs": 1}})
    done = list(Run(bench.catalog, plan, first).events())
    assert isinstance(done[-1], Finished), "a run ends with Finished"
    shutil.rmtree(first / "state")
    for n in range(1, count):
        shutil.copytree(first, home / "runs" / f"run-{n}")
    empty = bench.folder / "empty"
    ways = {"0": zoo("runs", ZOO_HOME=str(empty)), f"{count:,}": zoo("runs", ZOO_HOME=str(home))}
    return interleave(ways, bench.effort)
