"""Comparing what references name: runs, folders of runs, sweeps, pretrained checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

from zoo_core.comparisons.comparison import Comparison, compare_runs, find_metric
from zoo_core.comparisons.find_runs import find_runs
from zoo_core.comparisons.matrix import Matrix, make_matrix
from zoo_core.comparisons.run_record import RunRecord
from zoo_core.comparisons.turns import timed_folders
from zoo_core.errors import MisfitError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.locate import find_folder
from zoo_core.sweeps.run_states import SweepRun


def compare_references(
    catalog: Catalog,
    references: Sequence[str],
    *,
    metric: str = "",
    target: float | None = None,
    trained: Sequence[SweepRun] = (),
) -> Comparison:
    """Compares runs that are there already.

    Args:
        catalog: The installed plugins.
        references: Checkpoints, local runs, and folders of runs such as sweeps.
        metric: See ``compare_runs``.
        target: The value of the metric to reach.
        trained: Runs of a sweep to compare too; those that have not ended are named in a remark.

    Raises:
        IntegrityError: A run is damaged.
        MisfitError: The runs are on different data, or none has ended.
        NotFoundError: There is no such checkpoint or folder, or a run has no such metric.
    """
    runs, remarks = _ended_runs(catalog, references, trained)
    return compare_runs(
        runs, metric=metric, target=target, timed=timed_folders(runs), remarks=remarks
    )


def check_references(
    catalog: Catalog, references: Sequence[str], trained: RunConfig | None, *, metric: str = ""
) -> None:
    """Checks runs that others are to be compared with, before those are trained.

    Args:
        catalog: The installed plugins.
        references: See ``compare_references``.
        trained: The run config of a run that is trained, whose dataset all are on; None if they
            may be on several.
        metric: The metric to compare by; empty for the main one, which those that are trained
            have.

    Raises:
        IntegrityError: A run is damaged.
        MisfitError: A run is on another dataset, or has not ended.
        NotFoundError: There is no such checkpoint or folder, or a run has no such metric.
    """
    folders = [find_folder(catalog, reference) for reference in references]
    runs = find_runs(folders).runs if folders else []
    for run in runs:
        if trained and run.run_config.name("dataset") != trained.name("dataset"):
            raise MisfitError(
                f"{run.folder} is on {run.run_config.dataset}, and the others would be trained on "
                f"{trained.dataset}: metrics of different data do not compare; zoo compare "
                "--matrix shows them side by side"
            )
    if metric:
        # A matrix leaves out the runs that were interrupted.
        measured = [run for run in runs if run.metrics and (trained or run.status == "finished")]
        if measured:
            find_metric(measured, metric)


def matrix_of_references(
    catalog: Catalog,
    references: Sequence[str],
    *,
    metric: str = "",
    trained: Sequence[SweepRun] = (),
) -> Matrix:
    """Returns runs that are there already as a matrix of models and datasets.

    Args:
        catalog: The installed plugins.
        references: See ``compare_references``.
        metric: See ``make_matrix``.
        trained: See ``compare_references``.

    Raises:
        IntegrityError: A run is damaged.
        MisfitError: Runs of a cell differ in more than their seeds, or none has ended.
        NotFoundError: There is no such checkpoint or folder, or a run has no such metric.
    """
    runs, remarks = _ended_runs(catalog, references, trained)
    return make_matrix(runs, metric=metric, remarks=remarks)


def _ended_runs(
    catalog: Catalog, references: Sequence[str], trained: Sequence[SweepRun]
) -> tuple[list[RunRecord], list[str]]:
    """Returns the runs that have ended, and a remark for each of the others."""
    finished = [run for run in trained if run.state == "finished"]
    remarks = [
        f"{run.name} {run.state}{f': {run.reason}' if run.reason else ''}"
        for run in trained
        if run.state != "finished"
    ]
    folders = [find_folder(catalog, reference) for reference in references]
    found = find_runs([*(run.path for run in finished), *folders])
    remarks += found.left_out
    if not found.runs:
        raise MisfitError(f"no run has ended: {'; '.join(remarks)}")
    return found.runs, remarks
