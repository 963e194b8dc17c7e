"""The speed of the models of a family, of what the benchmarks measured."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.families import ZOO, FamilyCase, cases
from benchmarks.measurement import Measurement
from benchmarks.report import cell, read_reports

RESULTS = Path(__file__).parent / "results"
CELLS = ("rnn", "lstm", "gru")
"""The families whose layers ``benchmarks`` measures against other libraries."""
IMPLEMENTATIONS = ("zoo native", "zoo portable", "torch.nn", "jax", "keras")
SIZES = {"toy": "toy", "d2l": "Dive into Deep Learning", "fastai": "fastai"}
COMMAND = "`uv run python -m benchmarks --only families`"
COMPARED = (
    "The zoo runs a model with its own trainer's step, and a peer is the same network in plain "
    "torch: with layers of `torch.nn`, or as the loop over time of a book or a lesson. A step of "
    "training is the forward pass, the loss, the backward pass, clipping and Adam; an evaluation "
    "is the forward pass alone; generation takes the likeliest symbol, one after the other. All "
    "take turns in one run, on one batch of random numbers, in float32."
)
"""What ``benchmarks.families`` measures."""
PEER_DOES_LESS = {
    "seq2seq-attention": "The peer of `seq2seq-attention` does less. It has no mask for sources "
    "that are padded, keeps no weights of the attention, and its decoder is `torch.nn.GRU`, where "
    "the zoo's takes one step of any cell. On one thread with AVX-512, in seconds of the "
    "processor, an evaluation by the zoo had 0.80 of its speed, 0.83 without the mask, and 0.88 "
    "with `torch.gru` as the decoder too."
}
"""Why a peer is faster than a model, by the model, with the measurement."""


def speed(family: str, models: Collection[str]) -> Iterator[str]:
    """Yields the tables of a family, or what is to be measured."""
    compared = [case for case in cases() if case.family == family]
    recurrences = json.loads((RESULTS / "recurrences.json").read_text("utf-8"))
    rows = [row for row in recurrences["training"]["rows"] if row["model"] in models]
    if family in CELLS:
        yield from _layers(family)
    elif rows:
        yield from _recurrences(recurrences, rows)
    else:
        yield from _networks(compared)


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


def _networks(compared: list[FamilyCase]) -> Iterator[str]:
    """Yields the speed of each model and its peers, or what is compared if nothing was measured."""
    yield f"{COMPARED}\n"
    peers = list(dict.fromkeys(name for case in compared for name in case.peers))
    rows = [
        f"| `{case.model}`, {use} | {case.sizes} | {unit} | {place} | {' | '.join(cells)} |"
        for case in compared
        for use in case.uses
        for place, unit, cells in _measured(case, use, peers)
    ]
    if not rows:
        yield f"It has not been measured yet. {COMMAND} compares:\n"
        for case in compared:
            yield f"- `{case.model}` with {' and '.join(case.peers)}: {case.sizes}"
        return
    yield (
        f"The median of several turns, by {COMMAND}; × is the median of the ratios to the first "
        "peer in the same turns, so more than 1 is faster:\n"
    )
    yield f"| what | sizes | unit | processor | {' | '.join((*peers, ZOO))} |"
    yield f"| --- | --- | --- | --- |{' ---: |' * (len(peers) + 1)}"
    yield from rows
    for case in compared:
        if case.model in PEER_DOES_LESS:
            yield f"\n{PEER_DOES_LESS[case.model]}"
    yield "\n[The benchmarks](../results/benchmarks.md) name the machines, versions and threads."


def _measured(case: FamilyCase, use: str, peers: list[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Yields processor, unit and cells of a case, of every report that has it."""
    for report in read_reports(RESULTS / "benchmarks.json"):
        found = report.cases("families").get(f"{case.model} {use}", [])
        by_name: dict[str, Measurement] = {row.implementation: row for row in found}
        if by_name:
            base = next(by_name[name] for name in case.peers)
            cells = [cell(by_name[n], base) if n in by_name else "" for n in (*peers, ZOO)]
            yield " ".join(report.place), base.unit, cells


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
