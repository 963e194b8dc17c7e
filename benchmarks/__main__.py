"""``python -m benchmarks`` measures and writes the report after every case."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import torch

from benchmarks.benchmark import Benchmark, Setup
from benchmarks.busy import busy
from benchmarks.checkpoints import checkpoints
from benchmarks.choice import choice
from benchmarks.generation import generation
from benchmarks.gpu import gpu
from benchmarks.growth import growth
from benchmarks.large_text import large_text
from benchmarks.levels import DEPENDENT_BENCHMARKS, LEVELS, catalog_at
from benchmarks.machine import NO_BF16, NO_GPU, machine
from benchmarks.peak import peak
from benchmarks.peers.packages import install
from benchmarks.plot import plot
from benchmarks.precision import precision
from benchmarks.quality import quality
from benchmarks.report import Report, merge, read_report
from benchmarks.startup import startup
from benchmarks.texts import fetch_books
from benchmarks.timing import Effort
from benchmarks.trainer import trainer
from benchmarks.training import training
from zoo_core.runtime.hardware.device import multiplies_bfloat16
from zoo_core.storage.atomic import write_file

BENCHMARKS: dict[str, Benchmark] = {
    "startup": startup,
    "peak": peak,
    "training": training,
    "generation": generation,
    "choice": choice,
    "gpu": gpu,
    "trainer": trainer,
    "busy": busy,
    "checkpoints": checkpoints,
    "growth": growth,
    "large-text": large_text,
    "quality": quality,
    "precision": precision,
}
FULL, QUICK = Effort(rounds=5, seconds=0.5), Effort(rounds=3, seconds=0.1)


@click.command()
@click.option("--quick", is_flag=True, help="A first look, with less time for each measurement.")
@click.option(
    "--only", multiple=True, type=click.Choice(list(BENCHMARKS)), help="One benchmark; repeatable."
)
@click.option(
    "--level",
    type=click.Choice(list(LEVELS)),
    help="Limit native code to this instruction set and write a separate report.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the report.  [default: docs/results, with --quick build/benchmarks]",
)
def main(quick: bool, only: tuple[str, ...], level: str | None, out: Path | None) -> None:
    """Measure the zoo against other libraries; write JSON, Markdown and a plot."""
    folder = out or Path("build/benchmarks" if quick else "docs/results")
    folder.mkdir(parents=True, exist_ok=True)
    level = level or ""
    file = folder / f"benchmarks{level and f'-{level}'}.json"
    before = read_report(file)
    for message in _skipped():
        click.echo(message, err=True)
    report = Report(machine(), _now(), quick, [], level)
    if before and not before.comparable(report):
        click.echo(
            f"replacing a report of other conditions: {file}",
            err=True,
        )
        before = None
    catalog, effort = catalog_at(level), QUICK if quick else FULL
    for name in only or (DEPENDENT_BENCHMARKS if level else BENCHMARKS):
        with tempfile.TemporaryDirectory() as work:
            for measured in BENCHMARKS[name](Setup(catalog, Path(work), effort, quick, level)):
                for row in measured:
                    value = f"{row.value:,.4g} {row.unit}"
                    click.echo(f"{name}, {row.case}, {row.implementation}: {value}")
                report.measurements.extend(replace(row, date=_now()) for row in measured)
                _write(file, report, before)


def _skipped() -> Iterator[str]:
    """Installs the peers, and yields a message for everything that cannot be measured here."""
    if message := install():
        yield message
    yield from fetch_books()
    if not multiplies_bfloat16("cpu"):
        yield NO_BF16
    if not torch.cuda.is_available():
        yield NO_GPU


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write(file: Path, report: Report, before: Report | None) -> None:
    """Writes the report so far, with the measurements of an earlier one that are not replaced."""
    whole = report
    if before:
        whole = replace(report, measurements=merge(before, report.measurements))
    write_file(file, whole.to_json().encode())
    write_file(file.with_suffix(".md"), whole.markdown(before).encode())
    write_file(file.with_suffix(".png"), plot(whole))


if __name__ == "__main__":
    main()
