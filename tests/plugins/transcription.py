"""Running a transcription of a paper in NumPy, to compare a cell with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Weights: TypeAlias = dict[str, Array]
State: TypeAlias = tuple[Array, ...]
Oracle: TypeAlias = Callable[[Weights, Array, State], tuple[Array, State]]
"""Maps weights, an input (F,) and a state to the output (H,) and the next state."""


def run_oracle(oracle: Oracle, w: Weights, inputs: Array, start: State) -> list[Array]:
    """Outputs (B, T, H) and the tensors of the last state (B, H) by a transcription."""
    outputs, ends = [], []
    for row in range(len(inputs)):
        state, steps = tuple(part[row] for part in start), []
        for x in inputs[row]:
            output, state = oracle(w, x, state)
            steps.append(output)
        outputs.append(np.stack(steps))
        ends.append(state)
    return [np.stack(outputs), *(np.stack(parts) for parts in zip(*ends, strict=True))]


def weighted(results: list[Any], arange: Any) -> Any:
    """A sum that weights every number of some results differently."""
    flat = [part.reshape(-1) for part in results]
    joined = np.concatenate(flat) if isinstance(flat[0], np.ndarray) else torch.cat(flat)
    return (joined * (1 + arange(len(joined)) % 7)).sum()
