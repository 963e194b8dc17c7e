"""Rows of tasks as Python reads them."""

from __future__ import annotations

from typing import Any

from zoo_core.runtime.nn import IGNORED
from zoo_tasks.dataset import AbstractTokenTask


def readable_rows(dataset: AbstractTokenTask, split: str) -> list[tuple[list[str], Any]]:
    """Returns the symbols of each row, and its class or those of its steps by name, None for none.

    A symbol is without the blank before it.
    """
    batch = dataset.rows(split).as_batch()
    symbols = [symbol.strip() for symbol in dataset.vocabulary.symbols]
    names = dict(enumerate(dataset.outputs.names)) | {IGNORED: None}
    whole = [batch.inputs.shape[1]] * len(batch.inputs)
    lengths = whole if batch.lengths is None else batch.lengths.tolist()
    rows: list[tuple[list[str], Any]] = []
    for tokens, target, length in zip(
        batch.inputs.tolist(), batch.targets.tolist(), lengths, strict=True
    ):
        answer = names[target] if isinstance(target, int) else [names[label] for label in target]
        padding = answer[length:] if isinstance(answer, list) else []
        assert not any(padding), "a label of padding"
        answer = answer[:length] if isinstance(answer, list) else answer
        rows.append(([symbols[token] for token in tokens[:length]], answer))
    return rows
