"""Text by the compiled library: many symbols in one call."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import torch
from torch import Tensor

from zoo_core.errors import IntegrityError
from zoo_core.runtime.generation.sampler import NOT_FINITE, Sampler
from zoo_core.runtime.kernels.projection import inner_bias, outer_bias
from zoo_core.runtime.nn.model import AbstractRecurrentModel
from zoo_core.runtime.nn.state import State
from zoo_kernels.library import LayerArguments, NativeLibrary, TextArguments
from zoo_kernels.sweep import CELLS, NativeSweep

MOST = 256
"""Symbols in one call, once text flows; the first calls make fewer, so that it starts at once."""
GROWTH = 3
"""How many times as many symbols as all calls before the next one makes."""
LONG = 64
"""Symbols of a prompt beyond which the layers, one after the other, are faster than the loop: what
goes from layer to layer is one product over all steps."""


def generate(
    library: NativeLibrary,
    model: AbstractRecurrentModel,
    state: State,
    prompt: Tensor,
    sampler: Sampler,
    *,
    half: bool,
) -> Iterator[int]:
    """The symbols that follow, without end; see AbstractTextKernel.

    Args:
        library: The compiled functions.
        model: As for AbstractTextKernel, as all that follow.
        state: Where it starts, of one row.
        prompt: The symbols that it is fed first, (T,), each one of the model's.
        sampler: Chooses each symbol.
        half: Whether weights of float32 are kept in bfloat16.

    Raises:
        IntegrityError: The model answers with numbers that are not finite.
    """
    with torch.no_grad(), torch.autocast("cpu", enabled=False):
        if len(prompt) > LONG:
            _, state = model.recurrent(prompt[None, :-1], state, None, model.embedding)
            prompt = prompt[-1:]
        layers = [_Layer(library, model, state, number) for number in range(len(state))]
        table, output = _table(model, layers[0].bias), model.output
        weight, bias = _kept(output.weight), _kept(output.bias)
    arguments = TextArguments(
        real=table.element_size(),
        level=library.level,
        threads=torch.get_num_threads(),
        half=half and table.dtype == torch.float32,
        layers=len(layers),
        symbols=len(table),
        top_k=sampler.top_k or 0,
        temperature=sampler.temperature,
        layer=(LayerArguments * len(layers))(*(each.arguments for each in layers)),
        table=table.data_ptr(),
        weight=weight.data_ptr(),
        bias=bias.data_ptr(),
    )
    size = library.text_workspace(ctypes.byref(arguments))
    workspace = torch.empty(size, dtype=torch.uint8)  # torch aligns to 64 bytes
    arguments.workspace = workspace.data_ptr()
    fed, count, total = prompt.to("cpu", torch.int64).contiguous(), 1, 0
    while True:
        uniform, made = sampler.uniform(count), torch.empty(count, dtype=torch.int64)
        arguments.prompt, arguments.fed = fed.data_ptr(), len(fed)
        arguments.uniform, arguments.made = uniform.data_ptr(), made.data_ptr()
        arguments.count = count
        finished = library.generate(ctypes.byref(arguments))
        yield from made[:finished].tolist()
        if finished < count:
            raise IntegrityError(NOT_FINITE)
        fed, total, arguments.packed = made[-1:], total + count, 1
        count = min(GROWTH * total, MOST)


class _Layer:
    """One layer's tensors, kept alive, and where they lie."""

    def __init__(
        self, library: NativeLibrary, model: AbstractRecurrentModel, state: State, number: int
    ) -> None:
        recurrent = model.recurrent
        cell, weights = recurrent.cell, recurrent.weights(number, 0)
        weight, bias_hh = weights["weight_hh"], weights.get("bias_hh")
        given = (each.to(weight.dtype) for each in state[number])  # autocast may have rounded them
        hidden, *memory = (torch.cat([each, torch.empty_like(each)]) for each in given)
        sweep = NativeSweep(library, cell.name)
        self.bias = outer_bias(sweep, weight, weights.get("bias_ih"), bias_hh)
        tensors: dict[str, Tensor | None] = {
            "weight_ih": weights["weight_ih"] if number else None,
            "bias": self.bias if number else None,
            "weight_hh": weight,
            "bias_n": inner_bias(sweep, weight, bias_hh),
            "hidden": hidden,
            "memory": memory[0] if memory else None,
            "gates": hidden.new_empty(len(weight)),
            "inner": hidden.new_empty(cell.hidden_size),
        }
        self.tensors = {n: _kept(each) for n, each in tensors.items() if each is not None}
        pointers = {name: each.data_ptr() for name, each in self.tensors.items()}
        kind, width = CELLS.index(cell.name), cell.hidden_size
        self.arguments = LayerArguments(cell=kind, width=width, **pointers)


def _kept(tensor: Tensor) -> Tensor:
    """A parameter's memory as it is now, though the parameter be given other memory meanwhile."""
    return tensor.detach().contiguous()


def _table(model: AbstractRecurrentModel, bias: Tensor | None) -> Tensor:
    """What each symbol contributes to the first layer's gates, with their biases: (V, G)."""
    table = model.recurrent.weights(0, 0)["weight_ih"].t()
    if model.embedding is not None:
        table = model.embedding(torch.arange(model.signature.input_size)) @ table
    return (table if bias is None else table + bias).contiguous()
