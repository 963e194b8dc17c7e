"""Text by the compiled library: many symbols of one or several texts in one call."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import final

import torch
from torch import Tensor

from zoo_core.errors import IntegrityError
from zoo_core.runtime.generation.sampler import NOT_FINITE, Sampler
from zoo_core.runtime.nn import LayerState, RecurrentModel, State
from zoo_kernels.library import TextArguments, TextRowArguments
from zoo_kernels.memory import memory
from zoo_kernels.text_threads import TextThreads
from zoo_kernels.text_weights import TextWeights

MAX_INTEGER = (1 << 63) - 1
"""The largest number of 64 bits; of a larger one, C++ would get the last bits alone."""
MAX_INT8_WIDTH = 1 << 16
"""Wider states would be rounded to less than 8 bits, so that sums of 32 bits hold."""
MIN_SYMBOLS_PER_TEXT = 8
"""Symbols of each of many texts in a call. With fewer, the call itself takes a good part of the
time."""
MAX_SYMBOLS_AHEAD = 256
"""Symbols of a call for a caller that takes them one by one, and perhaps not all of them."""
GROWTH = 3
"""The number of symbols of such a call over that of all calls before it. The first calls make few
symbols, so that text starts at once."""
MAX_PROMPT_IN_LOOP = 64
"""A longer prompt is fed layer by layer, which is faster: the projection of a layer's inputs is
then one product over all steps."""


def generate(
    model: RecurrentModel, weights: TextWeights, state: State, prompt: Tensor, sampler: Sampler
) -> Iterator[int]:
    """Generates the symbols that follow a prompt, without end; see AbstractTextKernel.

    Args:
        model: As for AbstractTextKernel.
        weights: The model's.
        state: The state to start from, for one row.
        prompt: The symbols that come first, (T,), all of them in the model's vocabulary.
        sampler: Chooses each symbol.

    Raises:
        IntegrityError: A logit is not finite.
    """
    text = NativeText(model, weights, [state], [prompt], [sampler])
    count, total = 1, 0
    while True:
        ((symbols, is_finite),) = text.generate([(0, count)])
        yield from symbols
        if not is_finite:
            raise IntegrityError(NOT_FINITE)
        total += count
        count = min(GROWTH * total, text.symbols_per_call, MAX_SYMBOLS_AHEAD)


def generate_rows(
    model: RecurrentModel,
    weights: TextWeights,
    states: Sequence[State],
    prompts: Sequence[Tensor],
    samplers: Sequence[Sampler],
    lengths: Sequence[int],
) -> list[list[int]]:
    """Generates so many symbols after each prompt; see AbstractTextKernel.

    Args:
        model: As for AbstractTextKernel.
        weights: The model's.
        states: The states to start from, each for one row.
        prompts: The symbols that come first, each (T,), all of them in the model's vocabulary.
        samplers: Choose the symbols of each text.
        lengths: The number of symbols of each text.

    Raises:
        IntegrityError: A logit is not finite.
    """
    text = NativeText(model, weights, states, prompts, samplers)
    found: list[list[int]] = [[] for _ in prompts]
    while missing := {
        row: length - len(symbols)
        for row, (length, symbols) in enumerate(zip(lengths, found, strict=True))
        if len(symbols) < length
    }:
        most = max(text.symbols_per_call // len(missing), MIN_SYMBOLS_PER_TEXT)
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
        model: The model.
        weights: The model's.
        states: The states to start from, each for one row.
        prompts: The symbols that come first.
        samplers: Choose the symbols.

    Attributes:
        states: The states of each layer.
    """

    def __init__(
        self,
        model: RecurrentModel,
        weights: TextWeights,
        states: Sequence[State],
        prompts: Sequence[Tensor],
        samplers: Sequence[Sampler],
    ) -> None:
        dtype = model.output.weight.dtype
        fed = [
            _feed(model, *pair) if len(pair[1]) > MAX_PROMPT_IN_LOOP else pair
            for pair in zip(states, prompts, strict=True)
        ]
        self.states = [
            TextState(layer, dtype) for layer in zip(*(state for state, _ in fed), strict=True)
        ]
        self._library, self._weights = weights.library, weights
        self._rows = [
            TextRow(prompt, sampler) for (_, prompt), sampler in zip(fed, samplers, strict=True)
        ]
        self._layers = type(self._weights.layers).from_buffer_copy(self._weights.layers)
        for layer, state in zip(self._layers, self.states, strict=True):
            for name, tensor in state.tensors.items():
                setattr(layer, name, tensor.data_ptr())
        self._arguments = TextArguments.from_buffer_copy(self._weights.arguments)
        self._max_threads = self._arguments.threads = torch.get_num_threads()
        self._arguments.capacity = len(prompts)
        self._arguments.layer = self._layers
        self._workspace = memory(self._library.text_workspace(ctypes.byref(self._arguments)))
        self._arguments.workspace = self._workspace.data_ptr()
        self._places = list(range(len(prompts)))  # the row of each place in the states
        self._threads = self._threads_for(len(prompts))

    def _threads_for(self, rows: int) -> TextThreads:
        """Returns what chooses the threads for so many rows: earlier texts have measured it too.

        There are never more of them than the workspace is for.
        """
        self._arguments.threads, self._arguments.rows = self._max_threads, rows
        most = self._library.text_threads(ctypes.byref(self._arguments))
        return self._weights.threads.setdefault((rows, most), TextThreads(most))

    @property
    def symbols_per_call(self) -> int:
        """The most symbols of the next call, of all rows together."""
        return self._threads.symbols

    def generate(self, counts: Sequence[tuple[int, int]]) -> list[tuple[list[int], bool]]:
        """Generates the next symbols of some rows, at least one of each.

        Args:
            counts: The rows, which took part in every call before, and the numbers of symbols.

        Returns:
            The symbols of each row, and whether all logits were finite; they are fewer if not.
        """
        numbers = [number for number, _ in counts]
        if numbers != self._places:
            places = torch.tensor([self._places.index(each) for each in numbers], device="cpu")
            for state in self.states:
                state.keep(places)
            self._places, self._threads = numbers, self._threads_for(len(numbers))
        rows = [self._rows[number] for number in numbers]
        steps = sum(row.prepare(count) for row, (_, count) in zip(rows, counts, strict=True))
        arguments = (TextRowArguments * len(rows))(*(row.arguments for row in rows))
        self._arguments.row, self._arguments.threads = arguments, self._threads.number
        start = perf_counter()
        self._library.generate(ctypes.byref(self._arguments))
        self._threads.note(self._arguments.threads, steps, perf_counter() - start)
        return [row.read(each.made) for row, each in zip(rows, arguments, strict=True)]


@final
class TextRow:
    """One of several texts.

    Args:
        prompt: The symbols that come first.
        sampler: Chooses the symbols.

    Attributes:
        arguments: The struct of the next call.
    """

    def __init__(self, prompt: Tensor, sampler: Sampler) -> None:
        self._prompt = prompt.to("cpu", torch.int64).contiguous()
        self._sampler, self._latest = sampler, ctypes.c_int64()
        self._symbols = (ctypes.c_int64 * 0)()
        self.arguments = TextRowArguments(
            prompt=self._prompt.data_ptr(),
            prompt_length=len(self._prompt),
            top_k=min(sampler.top_k or 0, MAX_INTEGER),
            temperature=sampler.temperature,
        )

    def prepare(self, count: int) -> int:
        """Prepares a call for so many symbols; returns its steps."""
        self.arguments.count = count
        if count > len(self._symbols):
            self._symbols = (ctypes.c_int64 * count)()
            self.arguments.generated = ctypes.addressof(self._symbols)
        if self._sampler.temperature:  # as in ``Sampler.draw``, the likeliest symbol needs none
            self._uniform = self._sampler.uniform(count)
            self.arguments.uniform = self._uniform.data_ptr()
        return int(self.arguments.prompt_length) + count - 1

    def read(self, made: int) -> tuple[list[int], bool]:
        """Returns the symbols of a call, and whether they are as many as it was for.

        The last one comes first in the next call.
        """
        symbols = self._symbols[:made]
        if made:
            self._latest.value = symbols[-1]
            self.arguments.prompt = ctypes.addressof(self._latest)
            self.arguments.prompt_length = 1
        return symbols, made == self.arguments.count


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
