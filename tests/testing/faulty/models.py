"""A model that keeps every rule, and models that break one rule each."""

from __future__ import annotations

from itertools import accumulate
from typing import Any, NamedTuple

import torch
from torch import nn

from tests.testing.faulty.configs import Plain
from zoo_core import Signature
from zoo_core.runtime.nn import GatedCell, Recurrent, RecurrentModel, Weights
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.state import HiddenState, State, detach


class Honest(AbstractModel):
    """A small RNN, written out."""

    causal = carries_state = True

    def __init__(self, config: Plain, signature: Signature) -> None:
        super().__init__(signature)
        self.embedding = nn.Embedding(signature.input_size, config.hidden_size)
        self.hidden = nn.Linear(config.hidden_size, config.hidden_size)
        self.output = nn.Linear(config.hidden_size, signature.outputs.width)

    def initial_state(self, batch_size: int) -> State | None:
        """Returns zeros."""
        return (HiddenState(self.output.weight.new_zeros(batch_size, self.hidden.in_features)),)

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Maps tokens (B, T) to logits (B, T, classes), or (B, classes) per sequence."""
        steps = self.embedding(batch.inputs)  # (B, T, H)
        hidden = state[0][0] if state else torch.zeros_like(steps[:, 0])
        outputs = []
        for t, step in enumerate(steps.unbind(dim=1)):
            after = torch.tanh(step + self.hidden(hidden))
            if batch.lengths is not None:
                after = torch.where((t < batch.lengths).unsqueeze(1), after, hidden)
            hidden = after
            outputs.append(after)
        read = torch.stack(outputs, dim=1) if self.signature.outputs.per == "step" else hidden
        return Output(self.output(read), (HiddenState(hidden),))


class Tied(Honest):
    """A model whose embedding is its output layer too, where their sizes allow it."""

    def __init__(self, config: Plain, signature: Signature) -> None:
        super().__init__(config, signature)
        if signature.outputs.next_token:
            self.output.weight = self.embedding.weight


class TimeFirst(Honest):  # noqa: D101  # the plugin's table says what is wrong with each
    def forward(self, batch: Batch, state: State | None = None) -> Output:
        logits, after = super().forward(batch, state)
        return Output(logits.transpose(0, 1), after)


class Unsaid(Honest):  # noqa: D101
    carries_state = False

    def initial_state(self, batch_size: int) -> None:
        return None


class OtherStart(Honest):  # noqa: D101
    def initial_state(self, batch_size: int) -> State:
        return (HiddenState(self.output.weight.new_ones(batch_size, self.hidden.in_features)),)


class Forgetful(Honest):  # noqa: D101
    def forward(self, batch: Batch, state: State | None = None) -> Output:
        return super().forward(batch, None)


class Foresighted(Unsaid):  # noqa: D101
    window = 3

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        logits, _ = super().forward(batch)
        return Output(logits + logits.mean(dim=1, keepdim=True), None)


class Crowded(Honest):  # noqa: D101
    def forward(self, batch: Batch, state: State | None = None) -> Output:
        logits, after = super().forward(batch, state)
        return Output(logits * len(batch.inputs), after)


class Overlong(Honest):  # noqa: D101
    def forward(self, batch: Batch, state: State | None = None) -> Output:
        return super().forward(Batch(batch.inputs), state)


class Idle(Honest):  # noqa: D101
    def __init__(self, config: Plain, signature: Signature) -> None:
        super().__init__(config, signature)
        self.idle = nn.Parameter(torch.zeros(1))


class Bounded(Honest):  # noqa: D101
    def forward(self, batch: Batch, state: State | None = None) -> Output:
        logits, after = super().forward(batch, state)
        return Output(torch.tanh(logits), after)


class Counting(Honest):  # noqa: D101
    answers: torch.Tensor

    def __init__(self, config: Plain, signature: Signature) -> None:
        super().__init__(config, signature)
        self.register_buffer("answers", torch.zeros(1))

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        self.answers += 1
        return super().forward(batch, state)


class Unsaved(Honest):  # noqa: D101
    def __init__(self, config: Plain, signature: Signature) -> None:
        super().__init__(config, signature)
        self.scale = torch.rand(()).item() + 0.5

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        logits, after = super().forward(batch, state)
        return Output(logits * self.scale, after)


class Unseeded(Honest):  # noqa: D101
    def __init__(self, config: Plain, signature: Signature) -> None:
        super().__init__(config, signature)
        generator = torch.Generator()
        generator.seed()
        nn.init.uniform_(self.hidden.weight, -0.3, 0.3, generator=generator)


class Branching(Honest):  # noqa: D101
    def forward(self, batch: Batch, state: State | None = None) -> Output:
        logits, after = super().forward(batch, state)
        return Output(logits if float(logits.detach().abs().max()) < 1e9 else logits * 0, after)


class DetachedState(Honest):  # noqa: D101
    def forward(self, batch: Batch, state: State | None = None) -> Output:
        logits, after = super().forward(batch, state)
        return Output(logits, detach(after))


class Remembering(Honest):  # noqa: D101
    def forward(self, batch: Batch, state: State | None = None) -> Output:
        shown, whole = vars(self).get("kept", (None, None))
        if state is not None and state[0][0] is shown:
            state = whole
        logits, after = super().forward(batch, state)
        assert after is not None
        rounded = after[0][0].round(decimals=3)
        if not torch.compiler.is_compiling():
            vars(self)["kept"] = (rounded, after)
        return Output(logits, (HiddenState(rounded),))


class Unresetting(Honest):  # noqa: D101
    takes_resets = True


class TotalState(NamedTuple):
    """A hidden state and the sum of what was read, (B, H) each."""

    hidden: torch.Tensor
    total: torch.Tensor


class Summing(Honest):  # noqa: D101
    def initial_state(self, batch_size: int) -> State | None:
        zeros = self.output.weight.new_zeros(batch_size, self.hidden.in_features)
        return (TotalState(zeros, zeros),)

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        (start,) = state or self.initial_state(len(batch.inputs)) or ()
        logits, after = super().forward(batch, (HiddenState(start[0]),))
        assert after is not None
        steps = 1000 * self.embedding(batch.inputs).abs()  # (B, T, H)
        totals = torch.stack(list(accumulate(steps.unbind(1), initial=start[1]))[1:], dim=1)
        return Output(
            logits + totals.sin().sum(2, keepdim=True), (TotalState(after[0][0], totals[:, -1]),)
        )


class Drifting(Summing):
    """A model that loses digits of a long sum, for a second test of ``long-sequences``."""

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        (start,) = state or self.initial_state(len(batch.inputs)) or ()
        logits, after = Honest.forward(self, batch, (HiddenState(start[0]),))
        assert after is not None
        steps = batch.inputs.shape[1]
        tenth = torch.full_like(start[1], 0.1)
        totals = torch.stack(list(accumulate([tenth] * steps, initial=start[1]))[1:], dim=1)
        return Output(
            logits + 0.1 * totals.mean(2, keepdim=True), (TotalState(after[0][0], totals[:, -1]),)
        )


class Renaming(Honest):
    """A model whose weights have another name each time, for a second test of ``state-dict``."""

    def __init__(self, config: Plain, signature: Signature) -> None:
        super().__init__(config, signature)
        model_class: Any = type(self)
        model_class.count = getattr(model_class, "count", 0) + 1
        self.register_buffer(f"number_{model_class.count}", torch.zeros(1))


class MisnamingCell(GatedCell[HiddenState]):  # noqa: D101
    name = "misnaming"
    gates = 1

    def step(
        self, weights: Weights, projected: torch.Tensor, state: HiddenState
    ) -> tuple[torch.Tensor, HiddenState]:
        recurrent = nn.functional.linear(state.hidden, weights["weight_hh"], weights["bias_hh"])
        self.gate("input", torch.sigmoid(projected))
        hidden = torch.tanh(projected + recurrent)
        return hidden, HiddenState(hidden)


def misnaming(config: Plain, signature: Signature) -> RecurrentModel:
    """Builds a layer of misnaming cells."""
    cell = MisnamingCell(config.hidden_size)
    return RecurrentModel(signature, Recurrent(cell, signature.input_size))
