"""``python -m benchmarks.scale`` measures what limits many runs, large runs and large registries.

It writes ``docs/results/scale.json``, from which the tables of ``docs/scale.md`` are made by cog.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from benchmarks.startup import ZOO
from benchmarks.zoo_run import ZooRun
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.registry.sources import registry_path
from zoo_core.runtime.hardware.machine import machine_facts
from zoo_core.runtime.sweeps.engine import AbstractEngine, EngineOptions, JobEnded, JobStarted
from zoo_core.runtime.sweeps.local_engine import LocalEngine
from zoo_core.runtime.sweeps.sweep import make_engine, run_sweep
from zoo_core.storage.atomic import write_file
from zoo_core.sweeps.grid import Grid
from zoo_core.sweeps.question import Question

RESULTS = Path("docs/results/scale.json")
SIZES, QUICK_SIZES = (128, 512, 1024, 2048), (128, 512)
"""Hidden sizes of the LSTM whose steps are measured."""
STEPS = 5
ENTRIES, QUICK_ENTRIES = (100, 10_000, 100_000), (100, 1_000)
"""Entries of a registry; the most are of checkpoints on the Hub."""
RUNS, QUICK_RUNS = 48, 12
"""Runs of a sweep, of which each trains for an instant."""
ENTRY = """
[checkpoints.lstm-embed.copy-{number}]
source = "{source}"
license = "MIT"
summary = "One of many."
metrics = {{ loss = 0.004369, accuracy = 1.0 }}
"""


def steps(catalog: Catalog, folder: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """Yields the parameters and the milliseconds of a step of LSTMs of several sizes."""
    for size in QUICK_SIZES if quick else SIZES:
        settings = {"model": {"hidden_size": size}, "trainer": {"epochs": 100}}
        run_config = resolve_run(catalog, "lstm-embed.python-docs").run_config(settings)
        run = ZooRun(catalog, run_config, folder / f"{size}")
        run.steps(2)
        start = time.monotonic()
        run.steps(STEPS)
        seconds = (time.monotonic() - start) / STEPS
        parameters = sum(tensor.numel() for tensor in run.run.loop.model.parameters())
        yield {"hidden_size": size, "parameters": parameters, "milliseconds": 1000 * seconds}


def registries(catalog: Catalog, folder: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """Yields the seconds of commands with registries of several sizes."""
    text = registry_path().read_text("utf-8")
    table = text[text.index("[checkpoints.lstm-embed.hello]") :].partition("\n\n")[0]
    files = "\n".join(line for line in table.splitlines() if line.startswith("files."))
    numbers = QUICK_ENTRIES if quick else ENTRIES
    for number in numbers:
        is_hub = number == max(numbers)
        source = "package:zoo_lstm/checkpoints/lstm-embed.hello"
        if is_hub:
            source = f'hub:team/zoo"\nrevision = "{"0" * 40}'
        entries = (
            ENTRY.format(number=entry, source=source) + files + "\n" for entry in range(number)
        )
        path = folder / f"{number}.toml"
        path.write_text("schema = 1\n" + "".join(entries), "utf-8")
        yield {
            "entries": number,
            "source": "Hub" if is_hub else "package",
            "megabytes": path.stat().st_size / 1e6,
            "list": _seconds(path, "list"),
            "list checkpoints": _seconds(path, "list", "checkpoints"),
            "show": _seconds(path, "show", "lstm-embed.copy-7"),
            "registry verify": _seconds(path, "registry", "verify", "--json"),
        }


def _seconds(registry: Path, *arguments: str) -> float:
    environment = os.environ | {"ZOO_REGISTRY": str(registry)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.monotonic()
    subprocess.run([ZOO, *arguments], check=True, capture_output=True, env=environment)
    return time.monotonic() - start


def sweeps(catalog: Catalog, folder: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """Yields the runs per minute of engines, after their start."""
    engines: dict[str, Callable[[], AbstractEngine | None]] = {
        "local, 1 job": lambda: LocalEngine(1),
        "local, 2 jobs": lambda: LocalEngine(2),
        "ray, this machine": lambda: make_engine(catalog, "ray", EngineOptions()),
        "local, a process each": lambda: LocalEngine(1, reuse=False),
    }
    base = resolve_run(catalog, "rnn-cell.hello").run_config({"trainer": {"epochs": 5}})
    question = Question(base=base, grids=(Grid(seeds=tuple(range(QUICK_RUNS if quick else RUNS))),))
    for name, make in engines.items():
        begun, ends, started = 0, list[float](), time.monotonic()
        events = run_sweep(catalog, folder / name, [question], threads=1, engine=make())
        for event in events:
            begun += isinstance(event, JobStarted)
            if isinstance(event, JobEnded):
                assert event.outcome == "finished", event.reason
                ends.append(time.monotonic())
        warm = len(ends) // 3
        rate = 60 * (len(ends) - 1 - warm) / (ends[-1] - ends[warm])
        yield {"engine": name, "runs_per_minute": rate, "first_run": ends[0] - started}


PARTS: dict[str, Callable[..., Iterator[dict[str, Any]]]] = {
    "steps": steps,
    "registries": registries,
    "sweeps": sweeps,
}


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(PARTS)), help="A part; repeatable.")
@click.option("--quick", is_flag=True, help="Smaller sizes, for a first look.")
def main(only: tuple[str, ...], quick: bool) -> None:
    """Measure and write docs/results/scale.json; parts that are left out stay."""
    catalog = load_catalog()
    results = json.loads(RESULTS.read_bytes()) if RESULTS.exists() else {}
    for name in only or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            facts = machine_facts()
            results[name] = {"date": now, "machine": facts, "quick": quick, "rows": []}
            for row in PARTS[name](catalog, Path(folder), quick=quick):
                click.echo(f"{name}: {row}")
                results[name]["rows"].append(row)
                write_file(RESULTS, (json.dumps(results, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
