"""Text by the compiled library: many symbols of one or several texts in one call."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import final

import torch
from torch import Tensor

from zoo_core.errors import IntegrityError
from zoo_core.runtime.generation.int8 import round_rows
from zoo_core.runtime.generation.sampler import NOT_FINITE, Sampler
from zoo_core.runtime.kernels.projection import input_bias, recurrent_bias
from zoo_core.runtime.nn import RecurrentModel, State
from zoo_kernels.library import LayerArguments, NativeLibrary, TextArguments, TextRowArguments
from zoo_kernels.passes import CELLS, NativePasses

STORAGES = ("fp32", "bf16", "int8")
"""How weights are stored, in the order of ``enum zoo_storage``; float64 ones as they are."""
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
        layers: The layers, with their states.
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
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            fed = [
                _feed(model, *pair) if len(pair[1]) > MAX_PROMPT_IN_LOOP else pair
                for pair in zip(states, prompts, strict=True)
            ]
            is_double = model.output.weight.dtype == torch.float64
            storage = STORAGES[0] if is_double else storage
            rows = [state for state, _ in fed]
            self.layers = [
                TextLayer(library, model, [row[number] for row in rows], number, storage)
                for number in range(len(rows[0]))
            ]
            self._table = _symbol_table(model, self.layers[0].bias)
            output = model.output
            self.tensors = _weight("weight", "scales", output.weight, storage)
            self.tensors["bias"] = _snapshot(output.bias)
        self._library, self._samplers = library, samplers
        self._latest = [prompt.to("cpu", torch.int64).contiguous() for _, prompt in fed]
        self._arguments = TextArguments(
            element_size=self._table.element_size(),
            level=library.level,
            threads=torch.get_num_threads(),
            storage=STORAGES.index(storage),
            layers=len(self.layers),
            symbols=len(self._table),
            capacity=len(prompts),
            table=self._table.data_ptr(),
            **{name: tensor.data_ptr() for name, tensor in self.tensors.items()},
        )
        self._arguments.layer = (LayerArguments * len(self.layers))(
            *(layer.arguments for layer in self.layers)
        )
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
            for layer in self.layers:
                layer.keep(places)
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
        self._arguments.packed = 1
        for place, row in enumerate(rows):
            self._latest[row] = symbols[place][-1:]
        made = [(argument.made, argument.count) for argument in arguments]
        return [
            (tensor[:number].tolist(), number == count)
            for tensor, (number, count) in zip(symbols, made, strict=True)
        ]


@final
class TextLayer:
    """One layer's tensors, kept alive, and the struct with their addresses.

    Args:
        library: The compiled functions.
        model: The model.
        states: The states of the layer to start from, each for one row.
        number: The number of the layer.
        storage: How weights are stored.

    Attributes:
        bias: The sum of the biases that are added to the projected inputs, (G,), or None.
        tensors: By the names of the struct; states are (rows, 2, H), the present one first.
        arguments: The struct.
    """

    def __init__(
        self,
        library: NativeLibrary,
        model: RecurrentModel,
        states: Sequence[tuple[Tensor, ...]],
        number: int,
        storage: str,
    ) -> None:
        recurrent = model.recurrent
        cell, weights = recurrent.cell, recurrent.weights(number, 0)
        weight, bias_hh = weights["weight_hh"], weights.get("bias_hh")
        # autocast may have rounded the state
        joined = [torch.cat(parts).to(weight.dtype) for parts in zip(*states, strict=True)]
        buffers = [torch.stack([tensor, torch.empty_like(tensor)], 1) for tensor in joined]
        passes = NativePasses(library, cell.name)
        self.bias = input_bias(passes, weight, weights.get("bias_ih"), bias_hh)
        rows, width = joined[0].shape
        tensors: dict[str, Tensor | None] = {
            "bias": self.bias if number else None,
            "bias_n": recurrent_bias(passes, weight, bias_hh),
            "hidden": buffers[0],
            "cell_state": buffers[1] if len(buffers) > 1 else None,
            "gates": weight.new_empty(rows, len(weight)),
            "recurrent_n": weight.new_empty(rows, width),
        }
        self.tensors = {
            name: _snapshot(tensor) for name, tensor in tensors.items() if tensor is not None
        }
        self.tensors |= _weight("weight_hh", "scales_hh", weight, storage)
        if number:
            self.tensors |= _weight("weight_ih", "scales_ih", weights["weight_ih"], storage)
        self.arguments = LayerArguments(
            cell=CELLS.index(cell.name),
            hidden_size=cell.hidden_size,
            **{name: tensor.data_ptr() for name, tensor in self.tensors.items()},
        )

    def keep(self, places: Tensor) -> None:
        """Moves the states at some places to the first ones."""
        for name in ("hidden", "cell_state"):
            if name in self.tensors:
                states = self.tensors[name]
                states[: len(places)] = states[places]


def _feed(model: RecurrentModel, state: State, prompt: Tensor) -> tuple[State, Tensor]:
    """Returns the state after all symbols of a prompt but the last, and the last."""
    _, state = model.recurrent(prompt[None, :-1], state, None, model.embedding)
    return state, prompt[-1:]


def _weight(name: str, scales_name: str, weight: Tensor, storage: str) -> dict[str, Tensor]:
    """Returns the tensors that a weight is stored in, by their names in C++."""
    if storage != "int8":
        return {name: _snapshot(weight)}
    rounded = round_rows(weight.detach())
    return {name: rounded.integers.contiguous(), scales_name: rounded.scales.contiguous()}


def _snapshot(tensor: Tensor) -> Tensor:
    """A reference to a parameter's present memory, which remains if the parameter gets another."""
    return tensor.detach().contiguous()


def _symbol_table(model: RecurrentModel, bias: Tensor | None) -> Tensor:
    """The projection of each symbol by the first layer, with biases: (V, G)."""
    table = model.recurrent.weights(0, 0)["weight_ih"].t()
    if model.embedding is not None:
        table = model.embedding(torch.arange(model.signature.input_size)) @ table
    return (table if bias is None else table + bias).contiguous()
