"""A comparison as JSON, CSV and Markdown, and its numbers as text."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

from zoo_core.comparisons.comparison import Comparison, ComparisonRow
from zoo_core.comparisons.run_record import RunRecord

COLUMNS = {
    "model": "the model",
    "recipe": "its recipe, or empty",
    "differences": "what the row sets otherwise than another one",
    "seeds": "the seeds, separated by blanks",
    "parameters": "trained parameters",
    "tokens": "targets predicted in training, mean over the seeds",
    "seconds": "seconds of the training steps, mean over the seeds; empty where times do not "
    "compare",
    "tokens_per_second": "tokens by seconds; empty where times do not compare",
    "metric": "split and metric, such as `validation.loss`",
    "mean": "the metric of the best weights, mean over the seeds",
    "deviation": "its sample standard deviation over the seeds; empty for one seed",
    "target": "the value of `--target`",
    "reached": "how many runs reached it",
    "target_seconds": "seconds of the training steps until an epoch ended at the target or better, "
    "mean over the seeds; empty if one never did",
    "target_tokens": "targets predicted until then",
    "verdict": "`best`, `within the spread` of the best, `worse`, or `not compared` (one seed)",
    "difference": "the mean minus that of the best row",
    "difference_low": "lower end of its 95 % interval (Welch)",
    "difference_high": "upper end",
    "p_value": "of Welch's t test against the best row, after Holm's correction",
}
"""The columns of the CSV file and what they mean."""
MAX_DECIMALS = 6
"""The most decimals of a mean and its deviation."""


def to_csv(comparison: Comparison) -> str:
    """Returns a line for each row of a comparison, with a header."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(comparison.table)
    return file.getvalue()


def to_json(comparison: Comparison) -> dict[str, Any]:
    """Returns a comparison as JSON holds it, with the runs of each row."""
    rows = [
        values | {"label": row.label, "runs": [_run(comparison, run) for run in row.runs]}
        for values, row in zip(comparison.table, comparison.rows, strict=True)
    ]
    return {
        "dataset": comparison.dataset,
        "split": comparison.split,
        "metric": comparison.metric,
        "higher_is_better": comparison.higher_is_better,
        "target": comparison.target,
        "rows": rows,
        "remarks": list(comparison.remarks),
    }


def _run(comparison: Comparison, run: RunRecord) -> dict[str, Any]:
    return {
        "folder": str(run.folder.absolute()),
        "seed": run.run_config.seed,
        "status": run.status,
        "tokens": run.tokens,
        "seconds": run.training_seconds,
        "value": run.metrics[comparison.split][comparison.metric],
    }


def table_rows(comparison: Comparison) -> list[list[str]]:
    """Returns a comparison as rows of text, the header first; columns without a value are left out.

    The standard deviation stands behind ``±``, and the number of seeds in the column after it.
    """
    return _table([_cells(comparison, row) for row in comparison.rows])


def target_rows(comparison: Comparison) -> list[list[str]]:
    """Returns rows of text about the target, the header first; none if there is no target."""
    if comparison.target is None:
        return []
    return _table([_target_cells(comparison, row) for row in comparison.rows])


def _table(rows: list[dict[str, str]]) -> list[list[str]]:
    used = [name for name in rows[0] if any(cells[name] for cells in rows)]
    return [used, *([cells[name] for name in used] for cells in rows)]


def difference_lines(comparison: Comparison) -> list[str]:
    """Returns a line for each row that says what it sets otherwise than another one."""
    return [
        f"{_name(row)}: {', '.join(row.differences)}" for row in comparison.rows if row.differences
    ]


def to_markdown(comparison: Comparison) -> str:
    """Returns the table and the remarks as Markdown."""
    lines = _markdown_table(table_rows(comparison))
    if comparison.target is not None:
        lines += ["", *_markdown_table(target_rows(comparison))]
    differences = [f"- {line}" for line in difference_lines(comparison)]
    notes = [f"- {note[0].upper()}{note[1:]}." for note in explain(comparison)]
    if differences:
        differences = ["", "What differs:", "", *differences]
    return "\n".join([*lines, *differences, "", "Notes:", "", *notes, ""])


def _markdown_table(table: list[list[str]]) -> list[str]:
    header, *rows = table
    return [markdown_line(header), markdown_line(["---"] * len(header)), *map(markdown_line, rows)]


def markdown_line(cells: list[str]) -> str:
    """Returns a line of a table in Markdown."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def explain(comparison: Comparison) -> list[str]:
    """Returns the remarks of a comparison, and what its table means, one line for each."""
    notes = list(comparison.remarks)
    if not comparison.has_times:
        notes.append(
            "times are left out: only runs that zoo compare trains by turns on the same cores have "
            "times that compare"
        )
    if any(row.deviation is not None for row in comparison.rows):
        notes.append("± is the sample standard deviation over the seeds")
    judged = [row for row in comparison.rows if row.difference is not None]
    if judged:
        seeds = sorted({len(row.seeds) for row in comparison.rows if len(row.seeds) > 1})
        count = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
        test = "(Welch's t test at 5 %, Holm's correction)"
        verdicts = {row.verdict for row in judged}
        if "worse" in verdicts:
            notes.append(f"worse: {count} seeds tell it from the best {test}")
        if "within the spread" in verdicts:
            notes.append(
                f"within the spread: {count} seeds do not tell it from the best {test}; "
                "more seeds may"
            )
    if any(row.verdict == "not compared" for row in comparison.rows):
        notes.append("not compared: a difference is judged from two seeds on")
    return notes


def _cells(comparison: Comparison, row: ComparisonRow) -> dict[str, str]:
    return {
        "model": _name(row),
        "parameters": f"{row.parameters:,}",
        "seconds": _number(row.seconds),
        "tokens/s": _number(row.tokens_per_second),
        f"{comparison.split} {comparison.metric.replace('_', ' ')}": format_spread(
            row.mean, row.deviation
        ),
        "seeds": f"{len(row.seeds)}",
        "verdict": row.verdict if len(comparison.rows) > 1 else "",
    }


def _target_cells(comparison: Comparison, row: ComparisonRow) -> dict[str, str]:
    target = f"{comparison.target:g}"
    return {
        "model": _name(row),
        f"reached {target}": f"{row.reached} of {len(row.seeds)}",
        f"seconds to {target}": _number(row.target_seconds),
        f"tokens to {target}": _number(row.target_tokens),
    }


def _name(row: ComparisonRow) -> str:
    """Returns the recipe, where there is one, or the label; the label if another row is alike."""
    return row.label if row.label != row.model else row.recipe or row.model


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def format_spread(mean: float, deviation: float | None) -> str:
    """Returns ``mean ± deviation``, with as many decimals as two digits of the deviation need.

    Where these are more than ``MAX_DECIMALS``, both have their own leading digits.

    >>> format_spread(1.23456, 0.0123), format_spread(1.23456, None)
    ('1.235 ± 0.012', '1.235')
    >>> format_spread(5.31e-7, 1.2e-8)
    '5.31e-07 ± 1.2e-08'
    """
    if deviation is None:
        return f"{mean:.4g}"
    if deviation == 0 or not math.isfinite(deviation):
        return f"{mean:.4g} ± {deviation:g}"
    decimals = max(1 - math.floor(math.log10(deviation)), 0)
    if decimals > MAX_DECIMALS:
        return f"{mean:.4g} ± {deviation:.2g}"
    return f"{mean:.{decimals}f} ± {deviation:.{decimals}f}"
