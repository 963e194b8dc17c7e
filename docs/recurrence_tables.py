"""The tables of ``recurrences.md``, of what ``python -m benchmarks.recurrences`` measured."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

RESULTS = Path(__file__).parent / "results" / "recurrences.json"
ZOO, LOOP, BASELINE = "zoo", "plain loop", "LSTM 256"
Rows = list[dict[str, Any]]


def bandwidth_table() -> str:
    """Returns the bytes per second of scans, and their share of an addition's."""
    part = _part("bandwidth")
    cases = _groups(part["rows"], ("dtype", "direction", "rows", "steps"))
    kernels = list(dict.fromkeys(row["implementation"] for row in part["rows"]))
    kernels.remove("addition")
    lines = []
    for case, rows in cases.items():
        rates = {row["implementation"]: row["gigabytes_per_second"] for row in rows}
        cells = [case[0], case[1], f"{case[2]} × {case[3]:,}", f"{median(rates['addition']):.1f}"]
        for name in kernels:
            share = _ratio(rates[name], rates["addition"]) if name in rates else None
            cells.append("" if share is None else f"{median(rates[name]):.1f} ({share:.0%})")
        lines.append(cells)
    header = ["numbers", "direction", "rows × steps", "addition (GB/s)"]
    return _table(header, [f"`{name}` (GB/s)" for name in kernels], lines, part)


def training_table() -> str:
    """Returns tokens per second and the ratio to the plain loop, by model and length."""
    return _by_steps(lambda rows: _speed(rows, LOOP))


def baseline_table() -> str:
    """Returns the speed of a training step in multiples of the LSTM's, by model and length."""
    return _by_steps(lambda rows: _times(rows, BASELINE))


def memory_table() -> str:
    """Returns the megabytes of a training step, and of the plain loop's, by model and length."""
    return _by_steps(_memory)


def peers_table() -> str:
    """Returns the speed of a training step over each library's, by model and length."""
    part = _part("training")
    lengths = sorted({row["steps"] for row in part["rows"]})
    lines = []
    for (model,), of_model in _groups(part["rows"], ("model",)).items():
        known = {row["implementation"]: row["parameters"] for row in of_model}
        for peer, parameters in known.items():
            if peer in (ZOO, LOOP, BASELINE):
                continue
            cells = [f"`{model}`", peer, f"{known[ZOO]:,}", f"{parameters:,}"]
            for steps in lengths:
                rows = [row for row in of_model if row["steps"] == steps]
                cells.append(_times(rows, peer))
            lines.append(cells)
    header = ["model", "library", "parameters", "the library's"]
    return _table(header, [f"T = {steps:,}" for steps in lengths], lines, part)


def generation_table() -> str:
    """Returns the microseconds of a generated symbol by model and context."""
    part = _part("generation")
    contexts = sorted({row["context"] for row in part["rows"]})
    lines = []
    for (model,), of_model in _groups(part["rows"], ("model",)).items():
        by_name = {(row["implementation"], row["context"]): row for row in of_model}
        cells = [f"`{model}`"]
        for context in contexts:
            cells.append(_micros(by_name.get((ZOO, context))))
        cells.append(_micros(by_name.get((BASELINE, contexts[0]))))
        peers = [
            f"{name} {_micros(row)}"
            for (name, context), row in by_name.items()
            if name not in (ZOO, BASELINE) and context == contexts[0]
        ]
        last = next(row["megabytes"] for row in reversed(of_model) if row["implementation"] == ZOO)
        lines.append([*cells, ", ".join(peers), f"{last:.1f}"])
    columns = [f"after {context:,} (µs)" for context in contexts]
    header = [*columns, f"{BASELINE} (µs)", "libraries (µs)", "memory (MB)"]
    return _table(["model"], header, lines, part)


def _by_steps(cell: Callable[[Rows], str]) -> str:
    """Returns a table of the training steps, with a row for each model."""
    part = _part("training")
    lengths = sorted({row["steps"] for row in part["rows"]})
    lines = []
    for (model,), of_model in _groups(part["rows"], ("model",)).items():
        cells = [cell([row for row in of_model if row["steps"] == steps]) for steps in lengths]
        kernel = [row["backend"] for row in of_model if row["implementation"] == ZOO][-1]
        lines.append([f"`{model}`", kernel, *cells])
    columns = [f"T = {steps:,}" for steps in lengths]
    return _table(["model", "backend"], columns, lines, part)


def _speed(rows: Rows, other: str) -> str:
    """Returns tokens per second of the zoo, and the ratio to another implementation."""
    mine = _seconds(rows, ZOO)
    if mine is None:
        return ""
    tokens = f"{rows[0]['rows'] * rows[0]['steps'] / median(mine):,.0f}"
    ratio = _times(rows, other)
    return f"{tokens} ({ratio})" if ratio else tokens


def _times(rows: Rows, other: str) -> str:
    """Returns how many times faster the zoo is than another implementation; empty if unknown."""
    mine, theirs = _seconds(rows, ZOO), _seconds(rows, other)
    if mine is None or theirs is None:
        return ""
    ratio = _ratio(theirs, mine)
    return f"{ratio:.0f} ×" if ratio >= 10 else f"{ratio:.2g} ×"


def _memory(rows: Rows) -> str:
    """Returns the megabytes of a step, and those of the plain loop."""
    sizes = {row["implementation"]: row["megabytes"] for row in rows}
    if ZOO not in sizes:
        return ""
    mine = f"{sizes[ZOO]:,.0f}"
    return f"{mine} ({sizes[LOOP]:,.0f})" if LOOP in sizes else mine


def _ratio(samples: list[float], others: list[float]) -> float:
    """Returns the median of the ratios of the same turns; of the medians if one has one turn."""
    if len(samples) != len(others):
        return median(samples) / median(others)
    return median(sample / other for sample, other in zip(samples, others, strict=True))


def _seconds(rows: Rows, implementation: str) -> list[float] | None:
    values = (row["seconds"] for row in rows if row["implementation"] == implementation)
    return next(values, None)


def _micros(row: dict[str, Any] | None) -> str:
    return "" if row is None else f"{median(row['microseconds']):,.0f}"


def _groups(rows: Rows, keys: tuple[str, ...]) -> dict[tuple[Any, ...], Rows]:
    groups: dict[tuple[Any, ...], Rows] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return groups


def _part(name: str) -> dict[str, Any]:
    part: dict[str, Any] = json.loads(RESULTS.read_bytes())[name]
    return part


def _table(
    header: list[str], numbers: list[str], rows: list[list[str]], part: dict[str, Any]
) -> str:
    lines = [[*header, *numbers], [*["---"] * len(header), *["---:"] * len(numbers)], *rows]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"{table}\n\n{'; '.join(_conditions(part))}."


def _conditions(part: dict[str, Any]) -> Iterator[str]:
    yield "A first look" if part["quick"] else "Measured"
    yield from part["machine"].values()
    yield str(part["date"][:10])
