"""``python -m benchmarks`` measures and writes the report after every case."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import torch

from benchmarks.benchmark import Benchmark, Setup
from benchmarks.busy import busy
from benchmarks.checkpoints import checkpoints
from benchmarks.choice import choice
from benchmarks.cores import cores
from benchmarks.families import families
from benchmarks.generation import generation
from benchmarks.gpu import gpu
from benchmarks.growth import growth
from benchmarks.large_text import large_text
from benchmarks.levels import DEPENDENT_BENCHMARKS, LEVELS, catalog_at, limits_others
from benchmarks.machine import NO_BF16, NO_COMPILER, NO_GPU, NO_LIMIT, machine
from benchmarks.measurement import Measurement
from benchmarks.peak import peak
from benchmarks.peers.implementations import has_compiler
from benchmarks.peers.packages import install
from benchmarks.plot import plot
from benchmarks.precision import precision
from benchmarks.quality import quality
from benchmarks.report import (
    Report,
    add_run,
    markdown,
    merge,
    near_cases,
    read_reports,
    to_json,
    with_report,
)
from benchmarks.startup import startup
from benchmarks.texts import fetch_books
from benchmarks.timing import Effort
from benchmarks.trainer import trainer
from benchmarks.training import training
from zoo_core.runtime.hardware.device import multiplies_bfloat16
from zoo_core.storage.atomic import write_file

BENCHMARKS: dict[str, Benchmark] = {
    "startup": startup,
    "cores": cores,
    "peak": peak,
    "training": training,
    "generation": generation,
    "choice": choice,
    "families": families,
    "gpu": gpu,
    "trainer": trainer,
    "busy": busy,
    "checkpoints": checkpoints,
    "growth": growth,
    "large-text": large_text,
    "quality": quality,
    "precision": precision,
}
RUNS = 3
"""Runs of a case whose target noise may decide; the median of the runs counts."""
FULL, QUICK = Effort(rounds=5, seconds=0.5), Effort(rounds=3, seconds=0.1)


@click.command()
@click.option("--quick", is_flag=True, help="A first look, with less time for each measurement.")
@click.option(
    "--only", multiple=True, type=click.Choice(list(BENCHMARKS)), help="One benchmark; repeatable."
)
@click.option(
    "--case", "cases", multiple=True, metavar="CASE", help='Only a case, as "toy rnn"; repeatable.'
)
@click.option(
    "--level",
    type=click.Choice(list(LEVELS)),
    help="Limit native code to this instruction set, with avx2 all libraries too, and write a "
    "separate report.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the report.  [default: docs/results, with --quick build/benchmarks]",
)
def main(
    quick: bool,
    only: tuple[str, ...],
    cases: tuple[str, ...],
    level: str | None,
    out: Path | None,
) -> None:
    """Measure the zoo against other libraries; write JSON, Markdown and a plot."""
    folder = out or Path("build/benchmarks" if quick else "docs/results")
    folder.mkdir(parents=True, exist_ok=True)
    level = level or ""
    file = folder / f"benchmarks{level and f'-{level}'}.json"
    reports = read_reports(file)
    catalog = catalog_at(level)
    for message in _skipped():
        click.echo(message, err=True)
    report = Report(machine(), _now(), quick, [], level)
    before = next((old for old in reports if old.place == report.place), None)
    if before and not before.comparable(report):
        click.echo(f"replacing a report of other conditions: {file}", err=True)
        before = None
    effort = QUICK if quick else FULL
    setup = Setup(catalog, Path(), effort, quick, level, frozenset(cases))
    for name in only or (DEPENDENT_BENCHMARKS if level else BENCHMARKS):
        for measured in _measure(name, setup):
            report.measurements.extend(measured)
            _write(file, reports, report, before)
        for near in _near_cases(name, report, setup):
            for number in range(2, RUNS + 1):
                click.echo(f"{name}, {', '.join(sorted(near))}: run {number} of {RUNS}", err=True)
                for measured in _measure(name, setup._replace(cases=near)):
                    report.measurements[:] = add_run(report.measurements, measured)
            _write(file, reports, report, before)
    if missing := set(cases) - {row.case for row in report.measurements}:
        raise click.ClickException(f"no such case was measured: {', '.join(sorted(missing))}")


def _measure(name: str, setup: Setup) -> Iterator[list[Measurement]]:
    """Prints and yields the measurements of a benchmark, case by case."""
    with tempfile.TemporaryDirectory() as work:
        for measured in BENCHMARKS[name](setup._replace(folder=Path(work))):
            for row in measured:
                click.echo(f"{name}, {row.case}, {row.implementation}: {row.value:,.4g} {row.unit}")
            yield [replace(row, date=_now()) for row in measured]


def _near_cases(name: str, report: Report, setup: Setup) -> Iterator[frozenset[str]]:
    """Yields the cases of a benchmark to measure again, until no target is near its floor.

    Once one case is measured again, another may decide a target over all of them.
    """
    isa, repeated = setup.level or report.machine.get("isa", ""), set[str]()
    while True:
        near = near_cases(report.measurements, isa)
        cases = {case for benchmark, case in near if benchmark == name} - repeated
        if not cases:
            return
        repeated |= cases
        yield frozenset(cases)


def _skipped() -> Iterator[str]:
    """Installs the peers, and yields a message for everything that cannot be measured here."""
    if message := install():
        yield message
    yield from fetch_books()
    if not has_compiler():
        yield NO_COMPILER
    elif limits_others():
        yield NO_LIMIT
    if not multiplies_bfloat16("cpu"):
        yield NO_BF16
    if not torch.cuda.is_available():
        yield NO_GPU


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write(file: Path, reports: Sequence[Report], report: Report, before: Report | None) -> None:
    """Writes the report so far beside those of other processors.

    It keeps the measurements of an earlier one of this processor that are not replaced.
    """
    whole = merge(before, report) if before else report
    together = with_report(reports, whole)
    write_file(file, to_json(together).encode())
    write_file(file.with_suffix(".md"), markdown(together, whole, before).encode())
    write_file(file.with_suffix(".png"), plot(together))


if __name__ == "__main__":
    main()
