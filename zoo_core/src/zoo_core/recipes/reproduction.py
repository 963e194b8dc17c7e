"""A reproduction: recipes, what was published of them, and what they reached here."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, final

from zoo_core.errors import IntegrityError
from zoo_core.recipes.recipe import Recipe

FAILURES = ("missed", "failed")


@final
@dataclass(frozen=True, kw_only=True)
class Row:
    """One recipe, trained.

    Args:
        recipe: Its name.
        metric: What is compared, or empty if nothing was published.
        split: What it is measured on.
        published: ``low``, ``high`` and ``source``, or None.
        ours: Our figure with as many digits as were published; None if training failed.
        measured: Our figure in full.
        verdict: ``reproduced``, ``better``, ``missed``, ``unpublished`` or ``failed``.
        seconds: That the training took.
        seed: Of the run.
        date: When, as ISO 8601 has it.
        reason: Why it failed, or what the recipe's note says of it.
    """

    recipe: str
    metric: str
    split: str
    published: dict[str, Any] | None
    ours: float | None
    measured: float | None
    verdict: str
    seconds: float
    seed: int
    date: str
    reason: str

    def published_in_words(self) -> str:
        """The figure or range that was published, with its digits."""
        return str(self.published["words"]) if self.published else ""

    def ours_in_words(self) -> str:
        """Our figure with as many digits."""
        if self.ours is None:
            return ""
        _, _, digits = self.published_in_words().partition("–")[0].partition(".")
        return f"{self.ours:.{len(digits)}f}" if self.published else f"{self.ours:.3f}"


def judge(
    recipe: Recipe,
    metrics: Mapping[str, Mapping[str, float]],
    *,
    seconds: float,
    seed: int,
    date: str,
) -> Row:
    """The row of a recipe whose training ended with these metrics.

    Where nothing was published, the loss is shown that the run itself is judged by. Without a
    finite figure there is nothing to judge, and the row says ``failed``.
    """
    published = recipe.published
    split = published.split if published else "validation" if "validation" in metrics else "train"
    metric = published.metric if published else "loss"
    measured = metrics.get(split, {}).get(metric, math.nan)
    if not math.isfinite(measured):
        why = (
            f"{split} {metric} is {measured}"
            if metric in metrics.get(split, {})
            else (f"no {metric} was measured on split {split}")
        )
        return failed(recipe, why, seconds=seconds, seed=seed, date=date)
    figure = published.rounded(measured) if published else round(measured, 3)
    known = published.to_json() | {"words": published.in_words()} if published else None
    return Row(
        recipe=recipe.name,
        metric=metric,
        split=split,
        published=known,
        ours=float(figure),
        measured=measured,
        verdict=published.verdict(measured) if published else "unpublished",
        seconds=round(seconds, 1),
        seed=seed,
        date=date,
        reason=str(recipe.tables.get("note", "")),
    )


def failed(recipe: Recipe, reason: str, *, seconds: float, seed: int, date: str) -> Row:
    """The row of a recipe whose training failed."""
    published = recipe.published
    return Row(
        recipe=recipe.name,
        metric=published.metric if published else "",
        split=published.split if published else "",
        published=published.to_json() | {"words": published.in_words()} if published else None,
        ours=None,
        measured=None,
        verdict="failed",
        seconds=round(seconds, 1),
        seed=seed,
        date=date,
        reason=reason,
    )


def merge(old: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """The rows of both by name, the new one where both have it."""
    rows = {row.recipe: row for row in (*old, *new)}
    return [rows[name] for name in sorted(rows)]


def read_reproduction(path: Path) -> tuple[dict[str, str], list[Row]]:
    """The machine and the rows of a file; nothing if there is none.

    Raises:
        IntegrityError: It is no such file.
    """
    if not path.exists():
        return {}, []
    try:
        values = json.loads(path.read_text("utf-8"))
        known = {field.name for field in fields(Row)}
        return values["machine"], [Row(**{k: row[k] for k in known}) for row in values["rows"]]
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"{path} is no reproduction: {error!r}") from None


def to_json(machine: Mapping[str, str], rows: Iterable[Row]) -> str:
    """Machine and rows as a file holds them."""
    values = {"machine": dict(machine), "rows": [asdict(row) for row in rows]}
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"


def markdown(machine: Mapping[str, str], rows: list[Row]) -> str:
    """The table, with the machine and the date below it, and why a figure was missed."""
    lines = [
        "| recipe | metric (split) | published | ours | verdict | seconds |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        figure = f"{row.metric} ({row.split})" if row.metric else ""
        figures = [row.published_in_words(), row.ours_in_words()]
        cells = [f"`{row.recipe}`", figure, *figures, row.verdict]
        lines.append(f"| {' | '.join([*cells, f'{row.seconds:.0f}'])} |")
    lines += ["", _where(machine, rows)]
    lines += [
        f"\n`{row.recipe}` {row.verdict}: {row.reason}" for row in rows if row.verdict in FAILURES
    ]
    return "\n".join(lines) + "\n"


def _where(machine: Mapping[str, str], rows: list[Row]) -> str:
    days = sorted({row.date[:10] for row in rows})
    when = days[0] if len(set(days)) == 1 else f"{days[0]} to {days[-1]}" if days else ""
    return f"Measured on {', '.join(f'{each}' for each in machine.values())}; {when}."
