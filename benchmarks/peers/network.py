"""Two networks in plain torch: the loop of tutorials, and torch.nn's layers."""

from __future__ import annotations

from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from benchmarks.cases import GATES, Case

LAYERS: dict[str, Any] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class AbstractNetwork(nn.Module):
    """Tokens (B, T) to logits (B, T, V), and the state after them."""

    def __init__(self, cell: str, case: Case) -> None:
        super().__init__()
        self.cell, self.case = cell, case
        self.embedding = nn.Embedding(case.symbols, case.embedding) if case.embedding else None
        self.output = nn.Linear(case.hidden, case.symbols)

    def read(self, tokens: Tensor) -> Tensor:
        """Tokens (B, T) to the recurrence's inputs (B, T, F)."""
        if self.embedding is not None:
            embedded: Tensor = self.embedding(tokens)
            return embedded
        return one_hot(tokens, self.case.symbols).float()


@final
class Naive(AbstractNetwork):
    """The loop of tutorials: two linear layers per gate, one step after the other."""

    def __init__(self, cell: str, case: Case) -> None:
        super().__init__(cell, case)
        gates = range(GATES[cell])
        self.from_input = nn.ModuleList(nn.Linear(case.width, case.hidden) for _ in gates)
        self.from_hidden = nn.ModuleList(nn.Linear(case.hidden, case.hidden) for _ in gates)

    def forward(
        self, tokens: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Runs one step after the other. Only the LSTM uses the second tensor of the state."""
        inputs = self.read(tokens)
        zeros = inputs.new_zeros(len(tokens), self.case.hidden)
        hidden, cell_state = state or (zeros, zeros)
        logits = []
        for step in inputs.unbind(1):
            hidden, cell_state = self._step(step, hidden, cell_state)
            logits.append(self.output(hidden))
        return torch.stack(logits, 1), (hidden, cell_state)

    def _step(self, step: Tensor, hidden: Tensor, cell_state: Tensor) -> tuple[Tensor, Tensor]:
        from_input = [layer(step) for layer in self.from_input]
        from_hidden = [layer(hidden) for layer in self.from_hidden]
        if self.cell == "gru":
            reset = torch.sigmoid(from_input[0] + from_hidden[0])
            update = torch.sigmoid(from_input[1] + from_hidden[1])
            candidate = torch.tanh(from_input[2] + reset * from_hidden[2])
            return (1 - update) * candidate + update * hidden, cell_state
        gates = [a + b for a, b in zip(from_input, from_hidden, strict=True)]
        if self.cell == "rnn":
            return torch.tanh(gates[0]), cell_state
        input_gate, forget_gate, output_gate = (torch.sigmoid(gates[index]) for index in (0, 1, 3))
        cell_state = forget_gate * cell_state + input_gate * torch.tanh(gates[2])
        return output_gate * torch.tanh(cell_state), cell_state


@final
class TorchLayers(AbstractNetwork):
    """``torch.nn.RNN``, ``LSTM`` or ``GRU``."""

    def __init__(self, cell: str, case: Case) -> None:
        super().__init__(cell, case)
        self.recurrent = LAYERS[cell](case.width, case.hidden, batch_first=True)

    def forward(self, tokens: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Runs all steps at once."""
        hidden, state = self.recurrent(self.read(tokens), state)
        return self.output(hidden), state
