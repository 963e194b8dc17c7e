"""Running an exported model in ONNX Runtime, as a plain function and as a model of the zoo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import final

import onnxruntime
import torch
from torch import Tensor

from zoo_core.runtime.exporting.program import Program
from zoo_core.runtime.nn import AbstractModel, Batch, Output, State
from zoo_onnx.sampler import OUTPUT

ERRORS_ONLY = 3
"""The level from which ONNX Runtime logs."""


@final
class Session:
    """An exported model in ONNX Runtime, on the CPU.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        self._session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        self.inputs = [value.name for value in self._session.get_inputs()]
        self.outputs = [value.name for value in self._session.get_outputs()]

    def __call__(self, inputs: Tensor, others: Sequence[Tensor]) -> list[Tensor]:
        """Runs the model on its inputs, in their order, and returns its outputs."""
        tensors = [inputs, *others]
        values = {name: tensor.numpy() for name, tensor in zip(self.inputs, tensors, strict=True)}
        return [torch.from_numpy(array) for array in self._session.run(None, values)]

    def model_outputs(self, inputs: Tensor, states: Sequence[Tensor]) -> list[Tensor]:
        """Returns logits and states; a sampler draws the likeliest symbol, which is left out."""
        if OUTPUT not in self.outputs:
            return self(inputs, states)
        likeliest = [torch.tensor(0.0), torch.tensor(0), torch.zeros(len(inputs))]
        return self(inputs, [*states, *likeliest])[:-1]


@final
class SessionModel(AbstractModel):
    """An exported model as a model of the zoo, so that it is evaluated as one.

    Args:
        program: The model that was exported.
        session: The exported model.
    """

    def __init__(self, program: Program, session: Session) -> None:
        super().__init__(program.model.signature)
        self.program, self.session = program, session
        self.causal, self.carries_state = program.model.causal, program.model.carries_state
        self.window, self.min_steps = program.model.window, program.model.min_steps

    def initial_state(self, batch_size: int) -> State | None:
        """See AbstractModel."""
        return self.program.model.initial_state(batch_size)

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Runs the batch; rows of different lengths one by one, as an exported model takes none."""
        rows = len(batch.inputs)
        state = state or self.initial_state(rows)
        states = self.program.flatten(state)
        if batch.lengths is None:
            logits, *after = self.session.model_outputs(batch.inputs, states)
            return Output(logits, self.program.unflatten(after))
        outputs = [
            self.session.model_outputs(
                batch.inputs[row : row + 1, : int(length)], [s[row : row + 1] for s in states]
            )
            for row, length in enumerate(batch.lengths)
        ]
        logits, *after = (torch.cat(_as_long(parts)) for parts in zip(*outputs, strict=True))
        return Output(logits, self.program.unflatten(after))


def _as_long(parts: Sequence[Tensor]) -> list[Tensor]:
    """Returns tensors (1, T, ...) with zeros up to the longest T; others have one size anyway."""
    if parts[0].dim() < 3:
        return list(parts)
    longest = max(part.shape[1] for part in parts)
    return [
        torch.nn.functional.pad(part, (0, 0) * (part.dim() - 2) + (0, longest - part.shape[1]))
        for part in parts
    ]
