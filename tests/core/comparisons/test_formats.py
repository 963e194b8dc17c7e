"""A comparison as a table, CSV, JSON, Markdown and curves of text."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.core.comparisons.records import record, seeds
from zoo_core.comparisons.comparison import Comparison, compare_runs
from zoo_core.comparisons.formats import (
    COLUMNS,
    explain,
    format_spread,
    table_rows,
    target_rows,
    to_csv,
    to_json,
    to_markdown,
)
from zoo_core.comparisons.text_plot import text_plot


@pytest.fixture
def comparison() -> Comparison:
    """Two models, one of them in two sizes."""
    return compare_runs(
        [
            *seeds([1.00, 1.02, 1.01]),
            *seeds([1.21, 1.22, 1.23], hidden_size=16),
            *seeds([2.0, 2.1], "lstm"),
        ],
        target=1.5,
    )


def test_every_column_of_the_csv_is_documented_and_filled(comparison: Comparison) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(comparison))))
    assert [row["model"] for row in rows] == ["gru", "gru", "lstm"]
    assert set(rows[0]) == set(COLUMNS) == set(comparison.table[0])
    assert rows[0]["tokens_per_second"] == ""
    assert float(rows[1]["mean"]) == pytest.approx(1.22)


def test_the_json_has_every_run(comparison: Comparison) -> None:
    values = json.loads(json.dumps(to_json(comparison), allow_nan=False))
    assert values["metric"] == "loss"
    assert [run["seed"] for run in values["rows"][0]["runs"]] == [0, 1, 2]


def test_the_table_leaves_out_columns_without_values(comparison: Comparison) -> None:
    header, *rows = table_rows(comparison)
    assert header == ["model", "parameters", "validation loss", "seeds", "verdict"]
    assert rows[0][:3] == ["gru hidden_size=8", "1,000", "1.010 ± 0.010"]
    assert rows[2][-1] == "worse"


def test_the_target_has_a_table_of_its_own(comparison: Comparison) -> None:
    header, first, _, last = target_rows(comparison)
    assert header == ["model", "reached 1.5", "tokens to 1.5"]
    assert first == ["gru hidden_size=8", "3 of 3", "200"]
    assert last == ["lstm", "0 of 2", ""]
    assert target_rows(compare_runs(seeds([1.0]))) == []


def test_the_table_fits_80_columns(comparison: Comparison) -> None:
    table = table_rows(comparison)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    assert sum(widths) + 2 * (len(widths) - 1) <= 80


def test_markdown_explains_the_signs(comparison: Comparison) -> None:
    text = to_markdown(comparison)
    assert "| gru hidden_size=8 | 1,000 |" in text
    assert "- gru hidden_size=8: hidden_size = 8" in text
    assert "± is the sample standard deviation" in text
    assert any("Welch" in note for note in explain(comparison))
    assert not any(note.startswith("not compared") for note in explain(comparison))


def test_markdown_has_the_tables_what_differs_and_every_remark() -> None:
    runs = [*seeds([1.0, 1.1]), *seeds([1.2], "lstm"), *seeds([9.0, 8.0, 8.5], hidden_size=16)]
    assert (
        to_markdown(compare_runs(runs, target=1.0))
        == """\
| model | parameters | validation loss | seeds | verdict |
| --- | --- | --- | --- | --- |
| gru hidden_size=8 | 1,000 | 1.050 ± 0.071 | 2 | best |
| lstm | 1,000 | 1.2 | 1 | not compared |
| gru hidden_size=16 | 1,000 | 8.50 ± 0.50 | 3 | worse |

| model | reached 1 |
| --- | --- |
| gru hidden_size=8 | 1 of 2 |
| lstm | 0 of 1 |
| gru hidden_size=16 | 0 of 3 |

What differs:

- gru hidden_size=8: hidden_size = 8
- lstm: hidden_size = 8
- gru hidden_size=16: hidden_size = 16

Notes:

- Times are left out: only runs that zoo compare trains by turns on the same cores have \
times that compare.
- ± is the sample standard deviation over the seeds.
- Worse: 2 to 3 seeds tell it from the best (Welch's t test at 5 %, Holm's correction).
- Not compared: a difference is judged from two seeds on.
"""
    )
    plain = to_markdown(compare_runs([record([1.0])]))
    assert "differs" not in plain
    assert "reached" not in plain


def test_times_of_runs_by_turns_are_in_the_table_and_not_explained_away() -> None:
    runs = [record([1.0, 1.0]), record([1.0, 1.0], "lstm", recipe="lstm.a")]
    comparison = compare_runs(runs, timed=[run.folder for run in runs])
    rows = [dict(zip(*pair, strict=True)) for pair in _with_header(table_rows(comparison))]
    assert [row["model"] for row in rows] == ["gru", "lstm.a"]
    assert [(row["seconds"], row["tokens/s"]) for row in rows] == [("4", "50")] * 2
    assert not any(note.startswith("times") for note in explain(comparison))


def _with_header(table: list[list[str]]) -> list[tuple[list[str], list[str]]]:
    header, *rows = table
    return [(header, row) for row in rows]


def test_the_remarks_explain_the_verdicts_of_the_table_and_no_other() -> None:
    best, near, far = [1.0, 1.1, 1.2], [1.1, 1.2, 1.3], [8.0, 8.1, 8.2]
    for others, verdicts in [
        ([near], ["within the spread"]),
        ([far], ["worse"]),
        ([near, far], ["worse", "within the spread"]),
    ]:
        runs = [*seeds(best)]
        for size, losses in enumerate(others, start=20):
            runs += seeds(losses, hidden_size=size)
        notes = [note.partition(":")[0] for note in explain(compare_runs(runs)) if "Welch" in note]
        assert notes == verdicts


@pytest.mark.parametrize(
    ("mean", "deviation", "text"),
    [
        (1.23456, None, "1.235"),
        (1.23456, 0.0123, "1.235 ± 0.012"),
        (123.456, 12.3, "123 ± 12"),
        (1.0, 0.0, "1 ± 0"),
        (0.5, 0.000123, "0.50000 ± 0.00012"),
        (1e-5, 1e-9, "1e-05 ± 1e-09"),
        (5.31e-7, 1.2e-8, "5.31e-07 ± 1.2e-08"),
        (2.5, 3e-9, "2.5 ± 3e-09"),
    ],
)
def test_a_mean_has_the_digits_of_its_deviation(
    mean: float, deviation: float | None, text: str
) -> None:
    assert format_spread(mean, deviation) == text


def test_the_plot_names_each_curve_beside_its_end(comparison: Comparison) -> None:
    lines = text_plot(comparison, 80)
    assert all(len(line) <= 80 for line in lines)
    for name in ("a gru hidden_size=8", "b gru hidden_size=16", "c lstm"):
        assert sum(line.endswith(name) for line in lines) == 1
    assert lines[0] == "validation loss"
    assert lines[-1].endswith("200 tokens")


def test_runs_of_one_epoch_have_no_plot() -> None:
    assert text_plot(compare_runs([record([1.0])]), 80) == []


def test_a_flat_curve_and_a_narrow_terminal_have_a_plot() -> None:
    lines = text_plot(compare_runs([record([1.0, 1.0, 1.0])]), 10)
    assert any("a" * 10 in line for line in lines)


def test_the_best_curve_lies_over_the_others() -> None:
    lines = text_plot(compare_runs([record([2.0, 1.0]), record([2.0, 1.0], "lstm")]), 80)
    drawing = "".join(line.partition("│")[2][:60] for line in lines[1:-2])
    assert "a" in drawing
    assert "b" not in drawing


def test_the_plot_draws_the_means_between_the_epochs() -> None:
    runs = [record([4.0, 2.0, 1.0]), record([3.0, 3.0, 3.0], "lstm")]
    assert (
        "\n".join(text_plot(compare_runs(runs), 44))
        == """\
validation loss
   4 │         a
     │          a
     │           a
     │            aa
     │         bbbbbabbbbbbbbbbbbbbb b lstm
     │               a
     │                a
2.38 │                 a
     │                  a
     │                   aa
     │                     aaa
     │                        aa
     │                          aa
   1 │                            aa a gru
     └──────────────────────────────
      0                   300 tokens"""
    )


def test_the_plot_of_values_that_differ_ten_times_has_a_logarithmic_axis() -> None:
    lines = text_plot(compare_runs([record([1000.0, 10.0, 1.0])]), 44)
    assert [line.partition(" │")[0].strip() for line in lines[1:-2] if line[:5].strip()] == [
        "1e+03",
        "24.2",
        "1",
    ]
    corner = next(line for line in lines if line.endswith("aaaa"))
    assert lines.index(corner) == 10  # a loss of 10 is two thirds of the way down
    for losses, middle in (([0.0, 10.0, 5.0], "4.62"), ([9.9, 5.0, 1.0], "5.11")):
        assert text_plot(compare_runs([record(losses)]), 44)[8].startswith(f"{middle} │")
