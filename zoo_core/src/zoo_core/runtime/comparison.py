"""Comparing what references name: runs, folders of runs, sweeps, pretrained checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

from zoo_core.comparisons.comparison import Comparison, compare_runs
from zoo_core.comparisons.find_runs import find_runs
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.locate import find_folder


def compare_references(
    catalog: Catalog,
    references: Sequence[str],
    *,
    metric: str = "",
    target: float | None = None,
) -> Comparison:
    """Compares runs that are there already.

    Args:
        catalog: The installed plugins.
        references: Checkpoints, local runs, and folders of runs such as sweeps.
        metric: See ``compare_runs``.
        target: The value of the metric to reach.

    Raises:
        IntegrityError: A run is damaged.
        MisfitError: The runs are on different data, or the only run of a folder has not ended.
        NotFoundError: There is no such checkpoint or folder, or a run has no such metric.
    """
    folders = [find_folder(catalog, reference) for reference in references]
    found = find_runs(folders)
    return compare_runs(found.runs, metric=metric, target=target, remarks=found.left_out)
