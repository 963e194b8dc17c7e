"""``python -m benchmarks``: measures, and writes the report after every case."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import torch

from benchmarks.checkpoints import checkpoints
from benchmarks.generation import generation
from benchmarks.gpu import gpu
from benchmarks.growth import growth
from benchmarks.levels import LEVELS, catalog_at
from benchmarks.levels import SUBJECTS as DEPENDENT
from benchmarks.machine import NO_BF16, NO_GPU, machine
from benchmarks.peak import peak
from benchmarks.peers.packages import install
from benchmarks.pictures import picture
from benchmarks.precision import precision
from benchmarks.quality import quality
from benchmarks.report import Report, merge, read_report
from benchmarks.startup import startup
from benchmarks.subject import Bench, Subject
from benchmarks.timing import Effort
from benchmarks.trainer import trainer
from benchmarks.training import training
from zoo_core.runtime.hardware.device import multiplies_bfloat16
from zoo_core.storage.atomic import write_file

SUBJECTS: dict[str, Subject] = {
    "startup": startup,
    "peak": peak,
    "training": training,
    "generation": generation,
    "gpu": gpu,
    "trainer": trainer,
    "checkpoints": checkpoints,
    "growth": growth,
    "quality": quality,
    "precision": precision,
}
FULL, QUICK = Effort(rounds=5, seconds=0.5), Effort(rounds=3, seconds=0.1)


@click.command()
@click.option("--quick", is_flag=True, help="A first look: less time for each figure.")
@click.option(
    "--only", multiple=True, type=click.Choice(list(SUBJECTS)), help="One subject; repeatable."
)
@click.option(
    "--level",
    type=click.Choice(list(LEVELS)),
    help="Train and generate as where native code goes no further, into a report of its own.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the report goes.  [default: docs/results, with --quick build/benchmarks]",
)
def main(quick: bool, only: tuple[str, ...], level: str | None, out: Path | None) -> None:
    """Measure the zoo against what people would use instead; write JSON, Markdown, pictures."""
    folder = out or Path("build/benchmarks" if quick else "docs/results")
    folder.mkdir(parents=True, exist_ok=True)
    level = level or ""
    file = folder / f"benchmarks{level and f'-{level}'}.json"
    before = read_report(file)
    lacking = {NO_BF16: multiplies_bfloat16("cpu"), NO_GPU: torch.cuda.is_available()}
    for remark in (install(), *(said for said, there in lacking.items() if not there)):
        if remark:
            click.echo(remark, err=True)
    report = Report(machine(), _now(), quick, [], level)
    if before and not before.comparable(report):
        click.echo(f"measured elsewhere or otherwise, so replaced: {file}", err=True)
        before = None
    catalog, effort = catalog_at(level), QUICK if quick else FULL
    for name in only or (DEPENDENT if level else SUBJECTS):
        with tempfile.TemporaryDirectory() as work:
            for found in SUBJECTS[name](Bench(catalog, Path(work), effort, quick, level)):
                for each in found:
                    click.echo(f"{name}, {each.case}, {each.way}: {each.value:,.4g} {each.unit}")
                report.figures.extend(replace(each, date=_now()) for each in found)
                _write(file, report, before)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write(file: Path, report: Report, before: Report | None) -> None:
    """Writes what there is so far; the figures of what is not measured again stay."""
    whole = report
    if before:
        whole = replace(report, figures=merge(before, report.figures))
    write_file(file, whole.to_json().encode())
    write_file(file.with_suffix(".md"), whole.markdown(before).encode())
    write_file(file.with_suffix(".png"), picture(whole))


if __name__ == "__main__":
    main()
