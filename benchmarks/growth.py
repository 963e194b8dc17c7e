"""Growth: what becomes of the speed when there is more of everything."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

from benchmarks.cases import CASES
from benchmarks.figure import Figure, figures
from benchmarks.memory import EPOCHS, each_further, held
from benchmarks.ours import Ours
from benchmarks.startup import zoo
from benchmarks.subject import Bench
from benchmarks.timing import Work, interleave
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

ZOO_API = 1


@hookimpl
def zoo_models():
    return [ModelSpec(name="synthetic-{n}", summary="One of many.", config="a:B", factory="a:C")]
"""


def growth(bench: Bench) -> Iterator[list[Figure]]:
    """Sizes of the LSTM at M, epochs, installed plugins, local runs."""
    case = CASES["M"]
    for axis, settings in AXES.items():
        ways: dict[str, Work] = {}
        for value, chosen in settings:
            run_config = case.run_config(bench.catalog, "lstm", **chosen)
            ways[value] = Ours(bench.catalog, run_config, bench.folder / f"{axis} {value}").steps
        yield figures("growth", axis, "tokens/s", interleave(ways, bench.effort))
    megabytes = held(bench.folder / "memory")
    after = {f"{epochs}": [each] for epochs, each in zip(EPOCHS, megabytes, strict=True)}
    yield figures("growth", "memory of a run after so many epochs", "MB", after)
    yield figures("growth", "a further epoch", "kB", {"zoo train": [each_further(megabytes)]})
    yield from _plugins(bench)
    yield from _runs(bench)


def _plugins(bench: Bench) -> Iterator[list[Figure]]:
    count = 50 if bench.quick else 500
    folder = bench.folder / "plugins"
    for n in range(count):
        facts = folder / f"synthetic_{n}-1.0.dist-info"
        facts.mkdir(parents=True)
        facts.joinpath("METADATA").write_text(f"Name: synthetic-{n}\nVersion: 1.0\n", "utf-8")
        point = f"[zoo]\nsynthetic-{n} = synthetic_{n}\n"
        facts.joinpath("entry_points.txt").write_text(point, "utf-8")
        folder.joinpath(f"synthetic_{n}.py").write_text(PLUGIN.format(n=n), "utf-8")
    ways = {"those installed": zoo("list"), f"and {count}": zoo("list", PYTHONPATH=str(folder))}
    samples = interleave(ways, bench.effort)
    yield figures("growth", "plugins", "zoo list/s", samples)
    yield figures("growth", "a further plugin", "ms", {"zoo list": _each(samples, count)})


def _runs(bench: Bench) -> Iterator[list[Figure]]:
    count = 1_000 if bench.quick else 10_000
    home = bench.folder / "home"
    first = home / "runs" / "run-0"
    run_config = resolve_run(bench.catalog, "rnn-embed.hello").run_config(
        {"trainer": {"epochs": 1}}
    )
    done = list(Run(bench.catalog, run_config, first).events())
    assert isinstance(done[-1], Finished), "a run ends with Finished"
    shutil.rmtree(first / "state")
    for n in range(1, count):
        shutil.copytree(first, home / "runs" / f"run-{n}")
    empty = bench.folder / "empty"
    ways = {"0": zoo("runs", ZOO_HOME=str(empty)), f"{count:,}": zoo("runs", ZOO_HOME=str(home))}
    samples = interleave(ways, bench.effort)
    yield figures("growth", "runs", "zoo runs/s", samples)
    yield figures("growth", "a further run", "ms", {"zoo runs": _each(samples, count)})


def _each(samples: dict[str, list[float]], count: int) -> list[float]:
    """Milliseconds that each of so many more costs, from starts per second without and with."""
    without, with_them = samples.values()
    return [1000 * (1 / b - 1 / a) / count for a, b in zip(without, with_them, strict=True)]
