"""Several texts at once: one step of the model for all of them.

A text does not depend on the texts beside it, bit for bit. Products of matrices may round
differently with another number of rows, so a step always has the same number of rows: empty ones
are computed too, and no one reads them. Whether a model then gives each row the same bits whatever
its place and its neighbours is measured before the first text; a model that does not is given one
row at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias, final

import torch
from torch import Tensor

from zoo_core.errors import IntegrityError, MisfitError
from zoo_core.runtime.generation.generate import check_generates
from zoo_core.runtime.generation.sampler import Sampler, draw_rows
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import AbstractModel, RecurrentModel
from zoo_core.runtime.nn.state import State, rebuild

ROWS = 16
"""Rows of a step. Most of its time is that of reading weights and calling torch, as for one row."""
PIECE = 256
"""Symbols of a prompt that are read in one step, so that a long prompt does not stop the others."""
CHECKED_STEPS = 3
"""Steps after which the rows of a model are compared: its states are no longer the initial ones."""
Step: TypeAlias = Callable[[Tensor, State | None], tuple[Tensor, State | None]]
"""Reads tokens (B, T) from a state; returns logits (B, V) and the state after them."""


@final
class TextRow:
    """One text that is generated.

    Args:
        prompt: The symbols that come first, (T,) with T of at least 1.
        sampler: Chooses each symbol; it is of this text alone.

    Attributes:
        waiting: The symbols that the model has not read yet, (T,).
        state: The state after those that it has read, for one row; None for the initial one.
    """

    def __init__(self, prompt: Tensor, sampler: Sampler) -> None:
        self.sampler = sampler
        self.waiting = prompt
        self.state: State | None = None


@final
class TextRows:
    """The texts of a model, which may come and go between two steps.

    Args:
        model: In evaluation mode. The number of torch's threads must stay what it is now.

    Raises:
        MisfitError: The model does not predict the next symbol.
    """

    def __init__(self, model: AbstractModel) -> None:
        check_generates(model)
        self.model = model
        self.least_prompt = model.window or 1
        grows = not model.carries_state and model.window is None
        self._step = _step_of(model)
        self.size = 1 if grows or not _keeps_rows_apart(model, self._step, ROWS) else ROWS
        self._reading: list[TextRow] = []
        self._blocks: list[_Block] = []

    def __len__(self) -> int:
        return len(self._reading) + sum(block.count for block in self._blocks)

    def add(self, prompt: Tensor, sampler: Sampler) -> TextRow:
        """Adds a text.

        Args:
            prompt: The symbols that come first, (T,).
            sampler: Chooses each symbol; it is of this text alone.

        Raises:
            MisfitError: The prompt has fewer symbols than the model's window.
        """
        if len(prompt) < self.least_prompt:
            raise MisfitError(
                f"the prompt has {len(prompt)} symbols, expected >= {self.least_prompt}; "
                "give a longer prompt"
            )
        row = TextRow(prompt, sampler)
        if self.model.carries_state:
            self._reading.append(row)
        else:
            self._place(row, prompt if self.model.window is None else prompt[-self.model.window :])
        return row

    def remove(self, row: TextRow) -> None:
        """Removes a text, which is not computed any more."""
        if row in self._reading:
            self._reading.remove(row)
        for block in self._blocks:
            block.remove(row)

    @torch.no_grad()
    def step(self) -> list[tuple[TextRow, int | IntegrityError]]:
        """Computes the next symbol of every text; of a long prompt, it reads the next piece.

        Returns:
            The symbols, each with its text. In the place of a symbol stands the error of a model
            whose logits are not finite; that text is removed.
        """
        drawn: list[tuple[TextRow, int | IntegrityError]] = []
        for block in self._blocks:
            if block.count:
                drawn += block.step()
        for row in list(self._reading):
            logits = self._read(row)
            if logits is None:
                continue
            self._reading.remove(row)
            (symbol,) = draw_rows([row.sampler], logits)
            drawn.append((row, symbol))
            if isinstance(symbol, int):
                self._place(row, row.waiting.new_tensor([symbol]))
        return drawn

    def _read(self, row: TextRow) -> Tensor | None:
        """Reads the next piece of a prompt; returns the logits (1, V) after its end, else None."""
        piece, row.waiting = row.waiting[:PIECE], row.waiting[PIECE:]
        output = self.model(Batch(piece[None]), row.state)
        row.state = output.state
        return None if len(row.waiting) else _last(output.logits)

    def _place(self, row: TextRow, tokens: Tensor) -> None:
        """Gives a row a place in a block, with the tokens (T,) that the model reads next."""
        block = next((block for block in self._blocks if block.count < self.size), None)
        if block is None:
            block = _Block(self.model, self._step, self.size)
            self._blocks.append(block)
        block.place(row, tokens)


@final
class _Block:
    """Rows that are computed together.

    Args:
        model: The model.
        step: Computes a step of it.
        size: The number of rows.
    """

    def __init__(self, model: AbstractModel, step: Step, size: int) -> None:
        self._step = step
        self._window = model.window
        self._rows: list[TextRow | None] = [None] * size
        self._tokens = torch.zeros((size, model.window or 1), dtype=torch.int64)
        self._state: State | None = None
        if model.carries_state:
            parts = model.initial_state(size) or ()
            # rows are written into it, so it must not be one row that is shown several times
            self._state = tuple(rebuild(part, (t.clone() for t in part)) for part in parts)

    @property
    def count(self) -> int:
        """The number of texts."""
        return sum(row is not None for row in self._rows)

    def place(self, row: TextRow, tokens: Tensor) -> None:
        """Places a text, with the tokens (T,) that the model reads next."""
        place = self._rows.index(None)
        self._rows[place] = row
        if self._tokens.shape[1] != len(tokens):  # a model that reads the whole text each time
            self._tokens = tokens.new_zeros((len(self._rows), len(tokens)))
        self._tokens[place] = tokens
        if self._state is not None and row.state is not None:
            for part, row_part in zip(self._state, row.state, strict=True):
                for tensor, row_tensor in zip(part, row_part, strict=True):
                    tensor[place] = row_tensor[0]

    def remove(self, row: TextRow) -> None:
        """Removes a text if it is here."""
        self._rows = [None if other is row else other for other in self._rows]

    def step(self) -> list[tuple[TextRow, int | IntegrityError]]:
        """Computes the next symbol of every text, and removes those whose logits are not finite."""
        logits, state = self._step(self._tokens, self._state)
        if self._state is not None:
            self._state = state
        places = [place for place, row in enumerate(self._rows) if row is not None]
        rows = [row for row in self._rows if row is not None]
        symbols = draw_rows([row.sampler for row in rows], logits[places])
        following = [0] * len(self._rows)
        for place, symbol in zip(places, symbols, strict=True):
            if isinstance(symbol, int):
                following[place] = symbol
            else:
                self._rows[place] = None
        latest = self._tokens.new_tensor(following).unsqueeze(1)
        if self._state is not None:
            self._tokens = latest
        elif self._window is None:
            self._tokens = torch.cat([self._tokens, latest], dim=1)
        else:
            self._tokens = torch.cat([self._tokens[:, 1:], latest], dim=1)
        return list(zip(rows, symbols, strict=True))


def _step_of(model: AbstractModel) -> Step:
    """Returns the function that computes one step of a model, for any number of rows."""
    if isinstance(model, RecurrentModel) and model.has_default_forward and model.carries_state:
        return partial(_cell_step, model)

    def step(tokens: Tensor, state: State | None) -> tuple[Tensor, State | None]:
        output = model(Batch(tokens), state)
        return _last(output.logits), output.state if model.carries_state else None

    return step


def _cell_step(
    model: RecurrentModel, tokens: Tensor, state: State | None
) -> tuple[Tensor, State | None]:
    """Computes one step by the cell alone, which has less overhead than the model's ``forward``.

    Args:
        model: A model with the default forward over tokens, in one direction.
        tokens: The symbols that are read, (B, 1).
        state: The state before.

    Returns:
        The logits of the next symbols, (B, V), and the state after.
    """
    assert state is not None, "a recurrent model has a state"
    recurrent, states = model.recurrent, list(state)
    inputs = tokens if model.embedding is None else model.embedding(tokens)
    for layer, before in enumerate(state):
        weights = recurrent.weights(layer, 0)
        projected = recurrent.cell.project(weights, inputs)[:, 0]
        hidden, states[layer] = recurrent.cell.step(weights, projected, before)
        inputs = hidden.unsqueeze(1)
    return model.output(inputs[:, 0]), tuple(states)


def _last(logits: Tensor) -> Tensor:
    """Returns the logits of the next symbol, (B, V), of logits (B, T, V) or (B, V)."""
    return logits if logits.dim() == 2 else logits[:, -1]


@torch.no_grad()
def _keeps_rows_apart(model: AbstractModel, step: Step, size: int) -> bool:
    """Whether every row of a step has the same bits at every place, whatever the other rows are."""
    draw, symbols = torch.Generator().manual_seed(0), model.signature.input_size
    shape = (size, model.window or 1)
    before = state = model.initial_state(size) if model.carries_state else None
    for _ in range(CHECKED_STEPS):
        tokens = torch.randint(symbols, shape, generator=draw)
        before, (logits, state) = state, step(tokens, state)
    expected = _tensors(logits, state)
    for shift in range(1, size):
        moved = torch.arange(size).roll(shift)
        repeated = moved[:1].expand(size)  # one row, with itself as its only neighbours
        for rows in (moved, repeated):
            actual = _tensors(*step(tokens[rows], _select(before, rows)))
            pairs = zip(actual, expected, strict=True)
            if not all(torch.equal(one, other[rows]) for one, other in pairs):
                return False
    return True


def _select(state: State | None, rows: Tensor) -> State | None:
    if state is None:
        return None
    return tuple(rebuild(part, (tensor[rows] for tensor in part)) for part in state)


def _tensors(logits: Tensor, state: State | None) -> list[Tensor]:
    return [logits, *(tensor for part in state or () for tensor in part)]
