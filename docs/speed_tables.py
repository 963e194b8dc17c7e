"""The speed of the models of a family, of what the benchmarks measured."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.report import read_reports

RESULTS = Path(__file__).parent / "results"
CELLS = ("rnn", "lstm", "gru")
"""The families whose layers ``benchmarks`` measures against other libraries."""
IMPLEMENTATIONS = ("zoo native", "zoo portable", "torch.nn", "jax", "keras")
SIZES = {"toy": "toy", "d2l": "Dive into Deep Learning", "fastai": "fastai"}


def speed(family: str, models: Collection[str]) -> Iterator[str]:
    """Yields the tables of a family, or the sentence that nothing was measured."""
    recurrences = json.loads((RESULTS / "recurrences.json").read_text("utf-8"))
    rows = [row for row in recurrences["training"]["rows"] if row["model"] in models]
    if family in CELLS:
        yield from _layers(family)
    elif rows:
        yield from _recurrences(recurrences, rows)
    else:
        yield (
            "The speed of these models has not been measured by itself. The seconds above are "
            "those of whole runs; [the results](../results.md) name the machine."
        )


def _layers(family: str) -> Iterator[str]:
    """Yields tokens per second of a step of training, for each size and processor."""
    yield "Tokens per second of a training step, the median of several turns:\n"
    yield f"| size | processor | {' | '.join(IMPLEMENTATIONS)} |"
    yield f"| --- | --- |{' ---: |' * len(IMPLEMENTATIONS)}"
    for report in read_reports(RESULTS / "benchmarks.json"):
        samples = {
            (row.case, row.implementation): median(row.samples)
            for row in report.measurements
            if row.benchmark == "training"
        }
        for size, title in SIZES.items():
            rates = [samples.get((f"{size} {family}", name)) for name in IMPLEMENTATIONS]
            if any(rate is not None for rate in rates):
                cells = ["" if rate is None else f"{rate:,.0f}" for rate in rates]
                yield f"| {title} | {' '.join(report.place)} | {' | '.join(cells)} |"
    yield ""
    page = "[The benchmarks](../results/benchmarks.md)"
    yield f"{page} name the machines, the sizes and the other libraries."


def _recurrences(recurrences: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yields tokens per second by length, and microseconds of a generated symbol."""
    lengths = sorted({row["steps"] for row in rows})
    generated = {
        (row["model"], row["context"]): row["microseconds"]
        for row in recurrences["generation"]["rows"]
        if row["implementation"] == "zoo"
    }
    context = min(context for _, context in generated)
    yield (
        "Tokens per second of a training step with 256 units, 4,096 tokens in rows of T steps, and "
        "the microseconds of a generated symbol:\n"
    )
    columns = "".join(f" T = {steps:,} |" for steps in lengths)
    yield f"| model | backend |{columns} µs per symbol |"
    yield f"| --- | --- |{' ---: |' * (len(lengths) + 1)}"
    ours = [row for row in rows if row["implementation"] == "zoo"]
    for model in dict.fromkeys(row["model"] for row in ours):
        of_model = {row["steps"]: row for row in ours if row["model"] == model}
        cells = [_rate(of_model.get(steps)) for steps in lengths]
        backend = next(iter(of_model.values()))["backend"]
        microseconds = generated.get((model, context))
        cells.append("" if microseconds is None else f"{_middle(microseconds):,.0f}")
        yield f"| `{model}` | {backend} | {' | '.join(cells)} |"
    yield ""
    yield "[The speed of modern recurrences](../recurrences.md) compares them with other libraries."


def _rate(row: dict[str, Any] | None) -> str:
    return "" if row is None else f"{row['steps'] * row['rows'] / median(row['seconds']):,.0f}"


def _middle(value: Any) -> float:
    return float(median(value)) if isinstance(value, list) else float(value)
