"""``python -m benchmarks``: measures, and writes the report after every case."""

from __future__ import annotations

import tempfile
import warnings
from datetime import UTC, datetime
from pathlib import Path

import click
from zoo_core.catalog import load_catalog
from zoo_core.files import write_file

from benchmarks.checkpoints import checkpoints
from benchmarks.generation import generation
from benchmarks.growth import growth
from benchmarks.machine import NO_BF16, machine, multiplies_bf16
from benchmarks.peak import peak
from benchmarks.peers.packages import install
from benchmarks.pictures import picture
from benchmarks.quality import quality
from benchmarks.report import Report, merge, read_report
from benchmarks.startup import startup
from benchmarks.subject import Bench, Subject
from benchmarks.timing import Effort
from benchmarks.trainer import trainer
from benchmarks.training import training

SUBJECTS: dict[str, Subject] = {
    "startup": startup,
    "peak": peak,
    "training": training,
    "generation": generation,
    "trainer": trainer,
    "checkpoints": checkpoints,
    "growth": growth,
    "quality": quality,
}
FULL, QUICK = Effort(rounds=5, seconds=0.5), Effort(rounds=3, seconds=0.1)


@click.command()
@click.option("--quick", is_flag=True, help="A first look: less time for each figure.")
@click.option(
    "--only", multiple=True, type=click.Choice(list(SUBJECTS)), help="One subject; repeatable."
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the report goes.  [default: docs/results, with --quick build/benchmarks]",
)
def main(quick: bool, only: tuple[str, ...], out: Path | None) -> None:
    """Measure the zoo against what people would use instead; write JSON, Markdown, pictures."""
    folder = out or Path("build/benchmarks" if quick else "docs/results")
    folder.mkdir(parents=True, exist_ok=True)
    before = read_report(folder / "benchmarks.json")
    # switching oneDNN off and on makes torch speak of a graphics processor that is not there
    warnings.filterwarnings("ignore", "TF32 acceleration")
    for remark in (install(), "" if multiplies_bf16() else NO_BF16):
        if remark:
            click.echo(remark, err=True)
    here = machine()
    if before and not before.comparable(here):
        click.echo(f"measured elsewhere or on other threads, so replaced: {folder}", err=True)
        before = None
    report = Report(here, datetime.now(UTC).isoformat(timespec="seconds"), quick, [])
    catalog, effort = load_catalog(), QUICK if quick else FULL
    for name in only or SUBJECTS:
        with tempfile.TemporaryDirectory() as work:
            for found in SUBJECTS[name](Bench(catalog, Path(work), effort, quick)):
                for each in found:
                    click.echo(f"{name}, {each.case}, {each.way}: {each.value:,.4g} {each.unit}")
                report.figures.extend(found)
                _write(folder, report, before)


def _write(folder: Path, report: Report, before: Report | None) -> None:
    """Writes what there is so far; the figures of what is not measured again stay."""
    whole = report
    if before:
        whole = Report(report.machine, report.date, report.quick, merge(before, report.figures))
    write_file(folder / "benchmarks.json", whole.to_json().encode())
    write_file(folder / "benchmarks.md", whole.markdown(before).encode())
    write_file(folder / "benchmarks.png", picture(whole))


if __name__ == "__main__":
    main()
