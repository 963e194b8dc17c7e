"""The machines of a reproduction: every row keeps its own."""

from __future__ import annotations

import json
from pathlib import Path

from zoo_core.recipes.reproduction import (
    ReproductionResult,
    markdown,
    merge,
    read_reproduction,
    to_json,
)


def result(recipe: str, day: str, **machine: str) -> ReproductionResult:
    """Returns the result of a recipe without a published figure."""
    return ReproductionResult(
        recipe=recipe,
        metric="loss",
        split="validation",
        published=None,
        ours=1.0,
        measured=1.0,
        verdict="unpublished",
        seconds=2.0,
        seed=0,
        date=f"{day}T00:00:00+00:00",
        reason="",
        machine=machine,
    )


def test_a_recipe_that_is_trained_elsewhere_keeps_the_machine_of_the_others(
    tmp_path: Path,
) -> None:
    path = tmp_path / "reproduction.json"
    path.write_text(
        to_json(
            [result("a.x", "2026-01-01", processor="P"), result("b.x", "2026-01-02", processor="P")]
        )
    )
    rows = merge(read_reproduction(path), [result("c.x", "2026-02-03", processor="Q")])
    path.write_text(to_json(rows))
    table = markdown(read_reproduction(path))
    assert "Measured on P; 2026-01-01 to 2026-01-02." in table
    assert "`c.x`: measured on Q; 2026-02-03." in table


def test_the_machine_of_a_file_is_that_of_its_rows(tmp_path: Path) -> None:
    """Files of former versions name one machine for all rows."""
    path = tmp_path / "reproduction.json"
    (row,) = json.loads(to_json([result("a.x", "2026-01-01")]))["rows"]
    del row["machine"]
    path.write_text(json.dumps({"machine": {"processor": "P"}, "rows": [row]}))
    assert [row.machine for row in read_reproduction(path)] == [{"processor": "P"}]
