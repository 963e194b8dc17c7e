"""The tables and examples of ``tasks.md``, of the tasks as they are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zoo_core.configs.settings import build_config
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec
from zoo_core.runtime.nn import IGNORED
from zoo_tasks.dataset import AbstractTaskDataset, AbstractTokenTask

FEW = {"examples": 8, "held_out": 4}
EXAMPLES: dict[str, dict[str, Any]] = {
    "adding": {"length": 6, "test_length": 6},
    "copy-memory": {"copied": 4, "delay": 4, "test_delay": 4},
    "selective-copy": {"copied": 3, "blanks": 6},
    "recall": {"pairs": 3, "length": 12},
    "a-n-b-n": {"max_n": 4, "validation": 1, "test_max_n": 5},
    "dyck": {"min_length": 10, "max_length": 10},
    "parity": {"min_length": 8, "max_length": 8, "per": "step"},
    "modular-arithmetic": {"min_length": 10, "max_length": 10, "per": "step"},
    "permutations": {"min_length": 6, "max_length": 6},
}
"""Settings that make the rows short."""


def counts_table() -> str:
    """Returns the rows of every task and their steps, with the default settings."""
    lines = ["| task | split | rows | steps | labels |", "| --- | --- | ---: | ---: | ---: |"]
    for name in EXAMPLES:
        dataset = _dataset(name, {})
        for split in dataset.splits:
            batch = dataset.rows(split).as_batch()
            counted = batch.targets != IGNORED
            steps = f"{batch.inputs.shape[1]:,}"
            if batch.lengths is not None:
                steps = f"{int(batch.lengths.min())}–{int(batch.lengths.max())}"
            task = f"`{name}`" if split == "train" else ""
            lines.append(
                f"| {task} | {split} | {len(batch.inputs):,} | {steps} | {int(counted.sum()):,} |"
            )
    return "\n".join(lines)


def example(name: str) -> str:
    """Returns a short row of a task, with the labels below its steps, as a block of text."""
    settings = EXAMPLES[name] if name == "a-n-b-n" else EXAMPLES[name] | FEW
    dataset = _dataset(name, settings)
    columns = list(_columns(dataset))
    widths = [max(map(len, column)) for column in columns]
    lines = (
        " ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in zip(*columns, strict=True)
    )
    return "\n".join(["```text", *lines, "```"])


def _columns(dataset: AbstractTaskDataset) -> Iterator[tuple[str, ...]]:
    """Yields what each step of the first row shows, from top to bottom."""
    batch = next(dataset.batches("train", 1, 0, 0))
    if not isinstance(dataset, AbstractTokenTask):
        for number, mark in batch.inputs[0].tolist():
            yield f"{number:.2f}", f"{mark:.0f}", ""
        yield "", "", f"{batch.targets.item():.2f}"
        return
    symbols = [symbol.strip() for symbol in dataset.vocabulary.symbols]
    for token, label in zip(batch.inputs[0].tolist(), batch.targets[0].tolist(), strict=True):
        yield symbols[token], "" if label == IGNORED else dataset.outputs.names[label]


def _dataset(name: str, settings: dict[str, Any]) -> AbstractTaskDataset:
    spec = load_catalog().find(DatasetSpec, name).spec
    dataset: AbstractTaskDataset = resolve(spec.factory)(
        build_config(resolve(spec.config), "dataset", settings), None
    )
    return dataset
