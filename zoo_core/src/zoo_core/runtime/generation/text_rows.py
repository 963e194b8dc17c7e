"""Several texts at once: one step of the model for all of them.

A text does not depend on the texts beside it, bit for bit. Products of matrices may round
differently with another number of rows, so a step has one of a few numbers of rows: those with
which the model gives each row the same bits, whatever its place and its neighbours. That is
measured before the first text. Rows beyond the texts are computed too, and no one reads them. A
model whose rows depend on each other is given one row at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias, final

import torch
from torch import Tensor

from zoo_core.errors import IntegrityError
from zoo_core.runtime.generation.generate import check_generates, check_prompt
from zoo_core.runtime.generation.sampler import Sampler, draw_rows
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import AbstractModel, RecurrentModel
from zoo_core.runtime.nn.state import State, join_states, state_rows

ROWS = 16
"""Rows of the step that the other sizes are compared with."""
SIZES = (4, ROWS, 64)
"""Numbers of rows of a step. One row takes another way through the libraries than several do."""
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

    Attributes:
        sizes: The numbers of rows that a step may have.

    Raises:
        MisfitError: The model does not predict the next symbol.
    """

    def __init__(self, model: AbstractModel) -> None:
        check_generates(model)
        self.model = model
        self._step = step_of(model)
        self.sizes: tuple[int, ...] = (1,)
        if model.carries_state or model.window is not None:  # else it reads the whole text
            self.sizes = _equal_sizes(model, self._step) or (1,)
        self._reading: list[TextRow] = []
        self._blocks: list[_Block] = []

    def __len__(self) -> int:
        return len(self._reading) + sum(len(block.rows) for block in self._blocks)

    def add(self, prompt: Tensor, sampler: Sampler) -> TextRow:
        """Adds a text.

        Args:
            prompt: The symbols that come first, (T,).
            sampler: Chooses each symbol; it is of this text alone.

        Raises:
            MisfitError: The prompt has fewer symbols than the model's window.
        """
        check_prompt(self.model, len(prompt))
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
            if block.rows:
                drawn += block.step()
        for row in list(self._reading):
            logits = self._read(row)
            if logits is None:
                continue
            self._reading.remove(row)
            (symbol,) = draw_rows([row.sampler], logits)
            drawn.append((row, symbol))
            if isinstance(symbol, int):
                self._place(row, torch.tensor([symbol]))
        return drawn

    def _read(self, row: TextRow) -> Tensor | None:
        """Reads the next piece of a prompt; returns the logits (1, V) after its end, else None."""
        piece, row.waiting = row.waiting[:PIECE], row.waiting[PIECE:]
        output = self.model(Batch(piece[None]), row.state)
        row.state = output.state
        return None if len(row.waiting) else last_logits(output.logits)

    def _place(self, row: TextRow, tokens: Tensor) -> None:
        """Gives a row a place in a block, with the tokens (T,) that the model reads next."""
        most = self.sizes[-1]
        block = next((block for block in self._blocks if len(block.rows) < most), None)
        if block is None:
            block = _Block(self.model, self._step, self.sizes)
            self._blocks.append(block)
        block.place(row, tokens)


@final
class _Block:
    """Rows that are computed together.

    Args:
        model: The model.
        step: Computes a step of it.
        sizes: The numbers of rows that a step may have.

    Attributes:
        rows: The texts.
    """

    def __init__(self, model: AbstractModel, step: Step, sizes: tuple[int, ...]) -> None:
        self.rows: list[TextRow] = []
        self._carries_state, self._window = model.carries_state, model.window
        self._step = step
        self._sizes = sizes
        self._computed: list[TextRow] = []  # the texts of the tensors below, in their order
        self._tokens = torch.empty((0, 0), dtype=torch.int64)
        self._state: State | None = None

    def place(self, row: TextRow, tokens: Tensor) -> None:
        """Places a text, with the tokens (T,) that the model reads next."""
        row.waiting = tokens
        self.rows.append(row)

    def remove(self, row: TextRow) -> None:
        """Removes a text if it is here."""
        self.rows = [other for other in self.rows if other is not row]

    def step(self) -> list[tuple[TextRow, int | IntegrityError]]:
        """Computes the next symbol of every text, and removes those whose logits are not finite."""
        if self._computed != self.rows:
            self._gather()
        logits, self._state = self._step(self._tokens, self._state)
        rows = self.rows
        symbols = draw_rows([row.sampler for row in rows], logits[: len(rows)])
        drawn = list(zip(rows, symbols, strict=True))
        self.rows = [row for row, symbol in drawn if isinstance(symbol, int)]
        following = [symbol if isinstance(symbol, int) else 0 for symbol in symbols]
        following += [0] * (len(self._tokens) - len(rows))
        latest = self._tokens.new_tensor(following).unsqueeze(1)
        if self._carries_state:
            self._tokens = latest
        elif self._window is None:
            self._tokens = torch.cat([self._tokens, latest], dim=1)
        else:
            self._tokens = torch.cat([self._tokens[:, 1:], latest], dim=1)
        return drawn

    def _gather(self) -> None:
        """Brings the tokens and states of the texts together, after some came or went."""
        places = {row: place for place, row in enumerate(self._computed)}
        kept = [places[row] for row in self.rows if row in places]
        new = [row for row in self.rows if row not in places]
        size = min(size for size in self._sizes if size >= len(self.rows))
        # the rows beyond the texts are copies of the last one
        order = torch.arange(size).clamp(max=len(self.rows) - 1)
        tokens = [self._tokens[kept]] if kept else []
        self._tokens = torch.cat([*tokens, *(row.waiting[None] for row in new)])[order]
        if self._carries_state:
            states = [state_rows(self._state, torch.tensor(kept))] if kept else []
            states += [row.state for row in new]
            joined = join_states([state for state in states if state is not None])
            self._state = state_rows(joined, order)
        self._computed = [*(row for row in self.rows if row in places), *new]
        self.rows = list(self._computed)


def step_of(model: AbstractModel) -> Step:
    """Returns the function that computes one step of a model, for any number of rows."""
    if isinstance(model, RecurrentModel) and model.has_default_forward and model.carries_state:
        return partial(_cell_step, model)

    def step(tokens: Tensor, state: State | None) -> tuple[Tensor, State | None]:
        output = model(Batch(tokens), state)
        return last_logits(output.logits), output.state if model.carries_state else None

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


def last_logits(logits: Tensor) -> Tensor:
    """Returns the logits of the next symbol, (B, V), of logits (B, T, V) or (B, V)."""
    return logits if logits.dim() == 2 else logits[:, -1]


@torch.no_grad()
def _equal_sizes(model: AbstractModel, step: Step) -> tuple[int, ...]:
    """Returns the numbers of rows with which a step gives each row the same bits.

    They are the same at every place, whatever the other rows are. None is returned if a step of
    ``ROWS`` rows already depends on the places or the neighbours.
    """
    draw, symbols = torch.Generator().manual_seed(0), model.signature.input_size
    before = state = model.initial_state(ROWS) if model.carries_state else None
    for _ in range(CHECKED_STEPS):
        tokens = torch.randint(symbols, (ROWS, model.window or 1), generator=draw)
        before, (logits, state) = state, step(tokens, state)
    expected = _tensors(logits, state)

    def is_equal(size: int) -> bool:
        for shift in range(ROWS):
            moved = torch.arange(shift, shift + size) % ROWS
            repeated = moved[:1].expand(size)  # one row, with itself as its only neighbours
            for rows in (moved, repeated):
                actual = _tensors(*step(tokens[rows], state_rows(before, rows)))
                pairs = zip(actual, expected, strict=True)
                if not all(torch.equal(one, other[rows]) for one, other in pairs):
                    return False
        return True

    if not is_equal(ROWS):
        return ()
    return tuple(size for size in SIZES if size == ROWS or is_equal(size))


def _tensors(logits: Tensor, state: State | None) -> list[Tensor]:
    return [logits, *(tensor for part in state or () for tensor in part)]
