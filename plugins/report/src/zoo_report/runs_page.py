"""The report on runs: ``zoo report`` and the page of ``zoo compare``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from zoo_core.comparisons.find_runs import FoundRuns, find_runs
from zoo_core.errors import MisfitError
from zoo_core.plugins.catalog import load_catalog
from zoo_report import tables
from zoo_report.charts import COLOURS, chart_spec
from zoo_report.curves import Chart, epoch_charts, step_charts
from zoo_report.groups import Group, group_runs
from zoo_report.page import asset, chart_library, render
from zoo_report.remarks import remarks
from zoo_report.repeat import repetitions
from zoo_report.samples import samples


def runs_page(folders: Sequence[Path], title: str = "") -> str:
    """Returns the report on the runs in folders as one HTML page.

    Args:
        folders: Checkpoint folders, sweeps or folders of these.
        title: The title of the page; by default models and datasets.

    Raises:
        IntegrityError: A run is damaged.
        MisfitError: A run has not ended.
        NotFoundError: A folder holds no run.
    """
    return page_of(folders, find_runs(folders), title)


def page_of(folders: Sequence[Path], found: FoundRuns, title: str = "") -> str:
    """Returns the report on the runs that were found in folders; see ``runs_page``."""
    if not found.runs:
        raise MisfitError(f"no run has ended: {found.left_out[0]}")
    groups = group_runs(found.runs)
    charts = {"epochs": epoch_charts(groups), "steps": step_charts(groups)}
    return render(
        "runs.html",
        scripts=[chart_library(), asset("charts.js")],
        data={
            "labels": [group.label for group in groups],
            "charts": [
                _chart_data(section, chart, len(groups))
                for section, members in charts.items()
                for chart in members
            ],
        },
        title=title or _title(groups),
        groups=groups,
        colours=COLOURS,
        runs=len(found.runs),
        remarks=remarks(folders, found),
        charts=charts,
        results=tables.results(groups),
        costs=tables.costs(groups),
        samples=samples(groups),
        settings=tables.settings(groups),
        environment=tables.environment(groups),
        repetitions=repetitions(load_catalog(), groups),
        version=version("zoo-report"),
    )


def _title(groups: Sequence[Group]) -> str:
    configs = [group.runs[0].run_config for group in groups]
    models = ", ".join(dict.fromkeys(config.model for config in configs))
    datasets = ", ".join(dict.fromkeys(config.dataset for config in configs))
    return f"{models} on {datasets}"


def _chart_data(section: str, chart: Chart, series: int) -> dict[str, Any]:
    return {
        "section": section,
        "name": chart.name,
        "title": chart.title,
        "axes": chart.axes,
        "columns": chart.columns,
        "rows": chart.rows,
        "log": chart.is_log,
        "spec": chart_spec(chart.title, series),
    }
