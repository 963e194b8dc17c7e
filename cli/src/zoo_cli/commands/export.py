"""``zoo export``."""

from __future__ import annotations

from pathlib import Path

import click

from zoo_cli.parsing.completion_items import complete_exporter, complete_reference
from zoo_cli.parsing.folder import FolderPath
from zoo_cli.parsing.given_text import GivenText
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.output import echo, json_option, print_json
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.optional_parts import find_exporter, list_formats


def _formats() -> str:
    return f"Choose from: {', '.join(list_formats(load_catalog()))}"


@click.command()
@click.argument("reference", metavar="CHECKPOINT", shell_complete=complete_reference)
@click.option(
    "--format",
    required=True,
    metavar="NAME",
    type=GivenText(known=_formats),
    shell_complete=complete_exporter,
    help="Format to write: torch, or that of a plugin, such as onnx or web.",
)
@click.option(
    "--to",
    "target",
    required=True,
    metavar="DIR",
    type=FolderPath(is_target=True),
    help="Folder to make; it must not exist.",
)
@click.option("--int8", is_flag=True, help="Store the weights as 8-bit integers.")
@click.option("--with-sampler", is_flag=True, help="Add temperature, top-k and the drawn symbol.")
@click.option(
    "--runtime",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Local package of what runs the model in a page, which is downloaded otherwise.",
)
@registry_option
@json_option
def export(
    reference: str,
    format: str,
    target: Path,
    int8: bool,
    with_sampler: bool,
    runtime: Path | None,
    as_json: bool,
) -> None:
    """Export a checkpoint to run outside the zoo.

    CHECKPOINT is a folder, the name of a run, hub:OWNER/REPO or a name of zoo list checkpoints.
    The exported model is run and compared with the checkpoint's own, in one pass and in pieces,
    before the folder appears. A difference beyond the tolerance is an error, and nothing is
    written.
    """
    catalog = load_catalog()
    spec = find_exporter(catalog, format)
    from zoo_core.runtime.exporting.export import check_options, export_checkpoint
    from zoo_core.runtime.exporting.exporter import ExportOptions
    from zoo_core.runtime.locate import load_checkpoint

    options = ExportOptions(int8=int8, with_sampler=with_sampler, runtime=runtime)
    check_options(spec, options)
    result = export_checkpoint(load_checkpoint(catalog, reference), format, target, options)
    folder = target.absolute()
    if as_json:
        files = sorted(path.name for path in folder.iterdir())
        comparisons = [row._asdict() for row in result.comparisons]
        print_json(
            {
                "folder": str(folder),
                "format": spec.name,
                "files": files,
                "difference": result.difference,
                "comparisons": comparisons,
                "metrics": result.metrics,
                "notes": result.notes,
            }
        )
        return
    for note in result.notes:
        echo(note, err=True)
    for name, value in result.metrics.items():
        echo(f"{name}: {value:.4f}")
    echo(f"largest difference: {result.difference:.1e}")
    echo(f"exported: {target}")
