"""``zoo forecast``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.new_file import NewFile
from zoo_cli.parsing.ranges import IntegerRange
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.output import echo, json_option, print_json, print_table

if TYPE_CHECKING:
    from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
    from zoo_series.dataset import SeriesDataset

MAX_STEPS = 10_000
"""Rows of a forecast."""


@click.command()
@click.argument("reference", metavar="CHECKPOINT", shell_complete=complete_reference)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Table whose series are continued.  [default: the data of the training]",
)
@click.option(
    "--steps",
    type=IntegerRange(1, MAX_STEPS),
    metavar="N",
    help="Rows to forecast.  [default: the horizon]",
)
@click.option(
    "--to",
    metavar="FILE.csv",
    type=NewFile(".csv"),
    help="File to write the forecast and the baselines to; a picture of the same name is written "
    "beside it.",
)
@click.option(
    "--picture",
    metavar="FILE.png",
    type=NewFile(".png"),
    help="File of the picture: the past, the forecast and the baselines.",
)
@click.option("--overwrite", is_flag=True, help="Replace these files.")
@registry_option
@json_option
def forecast(
    reference: str,
    file: Path | None,
    steps: int | None,
    to: Path | None,
    picture: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Continue time series, and compare the forecast with the naive ones.

    CHECKPOINT is a folder, the name of a run, hub:OWNER/REPO or a name of zoo list checkpoints; it
    must be trained on series. The naive forecast repeats the last value, the seasonal-naive one the
    last season. Rows of the table whose values are empty hold covariates of the future. The errors
    are those over the test split of the table, beside those of both and of simple exponential
    smoothing, whose factor is fitted on the training part.
    """
    from zoo_core.data.tables import write_csv
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.runtime.locate import load_checkpoint
    from zoo_core.storage.atomic import write_files
    from zoo_series.forecast import METRICS, compare_forecasts, make_forecasts
    from zoo_series.picture import LABELS, draw

    if to and not picture:
        picture = to.with_suffix(".png")
    _check_files(to, picture, overwrite=overwrite)
    checkpoint = load_checkpoint(load_catalog(), reference)
    dataset = _series_dataset(checkpoint, file)
    content = make_forecasts(dataset, checkpoint.model, steps or dataset.config.horizon)
    errors = compare_forecasts(dataset, checkpoint.model, "test")
    files = {}
    if to:
        files[to] = write_csv(content.columns, content.rows)
    if picture:
        title = f"{checkpoint.run_config.model} on {Path(dataset.name).name}"
        files[picture] = draw(content.panels, title, dataset.season)
    write_files(files)
    written = [str(path) for path in files]
    if as_json:
        records = [dict(zip(content.columns, row, strict=True)) for row in content.rows]
        print_json({"forecast": records, "metrics": errors, "files": written})
        return
    if not to:
        print_table([content.columns, *(list(map(_cell, row)) for row in content.rows)])
    if errors:
        if not to:
            echo()
        header = ["errors on test", *(name for name in METRICS if name in errors["model"])]
        rows = [[LABELS[name], *map(_cell, values.values())] for name, values in errors.items()]
        print_table([header, *rows])
    if written:
        echo(f"written: {' and '.join(written)}", err=True)


def _check_files(to: Path | None, picture: Path | None, *, overwrite: bool) -> None:
    """Checks the files that a forecast is to be written to.

    Raises:
        click.UsageError: There is none to overwrite.
        TargetError: One exists, and is not to be overwritten, or lies in no folder.
    """
    from zoo_core.storage.atomic import check_new_file

    if overwrite and not picture:
        raise click.UsageError(
            "--overwrite needs --to or --picture: without them, no file is written"
        )
    for path in (to, picture):
        if path:
            check_new_file(path, overwrite=overwrite)


def _series_dataset(checkpoint: Checkpoint, file: Path | None) -> SeriesDataset:
    """Returns the dataset of a checkpoint, with the series of a file if one is given.

    Raises:
        DataError: The table cannot be read.
        MisfitError: The checkpoint is trained on something else.
    """
    from zoo_core.errors import DataError
    from zoo_series.forecast_rows import series_dataset

    dataset = series_dataset(checkpoint)
    if file:
        return dataset.of_file(file)
    try:
        _ = dataset.series
    except DataError as error:
        problem = str(error).partition(";")[0]
        raise DataError(f"{problem}; name the table to continue with --file") from None
    return dataset


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
