"""Text by the compiled library: many symbols of one or several texts in one call."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import final

import torch
from torch import Tensor

from zoo_core.errors import IntegrityError
from zoo_core.runtime.generation.sampler import NOT_FINITE, Sampler
from zoo_core.runtime.nn import LayerState, RecurrentModel, State
from zoo_kernels.library import NativeLibrary, TextArguments, TextRowArguments
from zoo_kernels.text_weights import text_weights

MAX_INT8_WIDTH = 1 << 16
"""Wider states would be rounded to less than 8 bits, so that sums of 32 bits hold."""
MAX_SYMBOLS_PER_CALL = 256
"""Symbols of one text, or of several together, in a call, which Ctrl+C does not end."""
MIN_SYMBOLS_PER_TEXT = 8
"""Symbols of each of many texts in a call. With fewer, the call itself takes a good part of the
time."""
GROWTH = 3
"""The number of symbols of a call over that of all calls before it. The first calls make few
symbols, so that text starts at once."""
MAX_PROMPT_IN_LOOP = 64
"""A longer prompt is fed layer by layer, which is faster: the projection of a layer's inputs is
then one product over all steps."""


def generate(
    library: NativeLibrary,
    model: RecurrentModel,
    state: State,
    prompt: Tensor,
    sampler: Sampler,
    storage: str,
) -> Iterator[int]:
    """Generates the symbols that follow a prompt, without end; see AbstractTextKernel.

    Args:
        library: The compiled functions.
        model: As for AbstractTextKernel.
        state: The state to start from, for one row.
        prompt: The symbols that come first, (T,), all of them in the model's vocabulary.
        sampler: Chooses each symbol.
        storage: How float32 weights are stored, one of STORAGES.

    Raises:
        IntegrityError: A logit is not finite.
    """
    text = NativeText(library, model, [state], [prompt], [sampler], storage)
    count, total = 1, 0
    while True:
        ((symbols, is_finite),) = text.generate([(0, count)])
        yield from symbols
        if not is_finite:
            raise IntegrityError(NOT_FINITE)
        total += count
        count = min(GROWTH * total, MAX_SYMBOLS_PER_CALL)


def generate_rows(
    library: NativeLibrary,
    model: RecurrentModel,
    states: Sequence[State],
    prompts: Sequence[Tensor],
    samplers: Sequence[Sampler],
    lengths: Sequence[int],
    storage: str,
) -> list[list[int]]:
    """Generates so many symbols after each prompt; see AbstractTextKernel.

    Args:
        library: The compiled functions.
        model: As for AbstractTextKernel.
        states: The states to start from, each for one row.
        prompts: The symbols that come first, each (T,), all of them in the model's vocabulary.
        samplers: Choose the symbols of each text.
        lengths: The number of symbols of each text.
        storage: How float32 weights are stored, one of STORAGES.

    Raises:
        IntegrityError: A logit is not finite.
    """
    text = NativeText(library, model, states, prompts, samplers, storage)
    found: list[list[int]] = [[] for _ in prompts]
    while missing := {
        row: length - len(symbols)
        for row, (length, symbols) in enumerate(zip(lengths, found, strict=True))
        if len(symbols) < length
    }:
        most = max(MAX_SYMBOLS_PER_CALL // len(missing), MIN_SYMBOLS_PER_TEXT)
        counts = [(row, min(count, most)) for row, count in missing.items()]
        for (row, _), (symbols, is_finite) in zip(counts, text.generate(counts), strict=True):
            if not is_finite:
                raise IntegrityError(NOT_FINITE)
            found[row] += symbols
    return found


@final
class NativeText:
    """The texts of a model, and all that the library reads of it.

    Args:
        library: The compiled functions.
        model: The model.
        states: The states to start from, each for one row.
        prompts: The symbols that come first.
        samplers: Choose the symbols.
        storage: How float32 weights are stored.

    Attributes:
        states: The states of each layer.
    """

    def __init__(
        self,
        library: NativeLibrary,
        model: RecurrentModel,
        states: Sequence[State],
        prompts: Sequence[Tensor],
        samplers: Sequence[Sampler],
        storage: str,
    ) -> None:
        dtype = model.output.weight.dtype
        fed = [
            _feed(model, *pair) if len(pair[1]) > MAX_PROMPT_IN_LOOP else pair
            for pair in zip(states, prompts, strict=True)
        ]
        self.states = [
            TextState(layer, dtype) for layer in zip(*(state for state, _ in fed), strict=True)
        ]
        self._library, self._samplers = library, samplers
        self._weights = text_weights(library, model, storage)
        self._latest = [prompt.to("cpu", torch.int64).contiguous() for _, prompt in fed]
        self._layers = type(self._weights.layers).from_buffer_copy(self._weights.layers)
        for layer, state in zip(self._layers, self.states, strict=True):
            for name, tensor in state.tensors.items():
                setattr(layer, name, tensor.data_ptr())
        self._arguments = TextArguments.from_buffer_copy(self._weights.arguments)
        self._arguments.threads = torch.get_num_threads()
        self._arguments.capacity = len(prompts)
        self._arguments.layer = self._layers
        size = library.text_workspace(ctypes.byref(self._arguments))
        self._workspace = torch.empty(size, dtype=torch.uint8)  # torch aligns to 64 bytes
        self._arguments.workspace = self._workspace.data_ptr()
        self._rows = list(range(len(prompts)))  # the row of each place in the states

    def generate(self, counts: Sequence[tuple[int, int]]) -> list[tuple[list[int], bool]]:
        """Generates the next symbols of some rows, at least one of each.

        Args:
            counts: The rows, which took part in every call before, and the numbers of symbols.

        Returns:
            The symbols of each row, and whether all logits were finite; they are fewer if not.
        """
        rows = [row for row, _ in counts]
        if rows != self._rows:
            places = torch.tensor([self._rows.index(row) for row in rows])
            for state in self.states:
                state.keep(places)
            self._rows = rows
        uniform = [self._samplers[row].uniform(count) for row, count in counts]
        symbols = [torch.empty(count, dtype=torch.int64) for _, count in counts]
        self._arguments.rows = len(rows)
        arguments = (TextRowArguments * len(rows))(
            *(
                TextRowArguments(
                    prompt=self._latest[row].data_ptr(),
                    prompt_length=len(self._latest[row]),
                    uniform=uniform[place].data_ptr(),
                    generated=symbols[place].data_ptr(),
                    count=count,
                    top_k=self._samplers[row].top_k or 0,
                    temperature=self._samplers[row].temperature,
                )
                for place, (row, count) in enumerate(counts)
            )
        )
        self._arguments.row = arguments
        self._library.generate(ctypes.byref(self._arguments))
        for place, row in enumerate(rows):
            self._latest[row] = symbols[place][-1:]
        made = [(argument.made, argument.count) for argument in arguments]
        return [
            (tensor[:number].tolist(), number == count)
            for tensor, (number, count) in zip(symbols, made, strict=True)
        ]


@final
class TextState:
    """The state of a layer in some texts, and space for the next one.

    Args:
        states: The states of the layer to start from, each for one row.
        dtype: The dtype of the weights.

    Attributes:
        tensors: By the names of the struct: (rows, 2, H), the present one first.
    """

    def __init__(self, states: Sequence[LayerState], dtype: torch.dtype) -> None:
        self.tensors = {}
        for name, parts in zip(("hidden", "cell_state"), zip(*states, strict=True), strict=False):
            rows = parts[0] if len(parts) == 1 else torch.cat(parts)
            # autocast may have rounded them; the second entry is space
            self.tensors[name] = torch.stack([rows, rows], 1).detach().to(dtype)

    def keep(self, places: Tensor) -> None:
        """Moves the states at some places to the first ones."""
        for states in self.tensors.values():
            states[: len(places)] = states[places]


def _feed(model: RecurrentModel, state: State, prompt: Tensor) -> tuple[State, Tensor]:
    """Returns the state after all symbols of a prompt but the last, and the last."""
    with torch.no_grad(), torch.autocast("cpu", enabled=False):
        _, state = model.recurrent(prompt[None, :-1], state, None, model.embedding)
    return state, prompt[-1:]
