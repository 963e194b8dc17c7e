"""Text by the compiled library: many symbols in one call."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import torch
from torch import Tensor

from zoo_core.errors import IntegrityError
from zoo_core.runtime.generation.sampler import NOT_FINITE, Sampler
from zoo_core.runtime.kernels.projection import input_bias, recurrent_bias
from zoo_core.runtime.nn import RecurrentModel, State
from zoo_kernels.library import LayerArguments, NativeLibrary, TextArguments
from zoo_kernels.passes import CELLS, NativePasses

MAX_SYMBOLS_PER_CALL = 256
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
    *,
    bf16: bool,
) -> Iterator[int]:
    """Generates the symbols that follow a prompt, without end; see AbstractTextKernel.

    Args:
        library: The compiled functions.
        model: As for AbstractTextKernel.
        state: The state to start from, for one row.
        prompt: The symbols that come first, (T,), all of them in the model's vocabulary.
        sampler: Chooses each symbol.
        bf16: Whether float32 weights are stored in bfloat16.

    Raises:
        IntegrityError: A logit is not finite.
    """
    with torch.no_grad(), torch.autocast("cpu", enabled=False):
        if len(prompt) > MAX_PROMPT_IN_LOOP:
            _, state = model.recurrent(prompt[None, :-1], state, None, model.embedding)
            prompt = prompt[-1:]
        layers = [_Layer(library, model, state, number) for number in range(len(state))]
        table, output = _symbol_table(model, layers[0].bias), model.output
        weight, bias = _snapshot(output.weight), _snapshot(output.bias)
    arguments = TextArguments(
        element_size=table.element_size(),
        level=library.level,
        threads=torch.get_num_threads(),
        bf16=bf16 and table.dtype == torch.float32,
        layers=len(layers),
        symbols=len(table),
        top_k=sampler.top_k or 0,
        temperature=sampler.temperature,
        layer=(LayerArguments * len(layers))(*(layer.arguments for layer in layers)),
        table=table.data_ptr(),
        weight=weight.data_ptr(),
        bias=bias.data_ptr(),
    )
    size = library.text_workspace(ctypes.byref(arguments))
    workspace = torch.empty(size, dtype=torch.uint8)  # torch aligns to 64 bytes
    arguments.workspace = workspace.data_ptr()
    prompt, count, total = prompt.to("cpu", torch.int64).contiguous(), 1, 0
    while True:
        uniform, symbols = sampler.uniform(count), torch.empty(count, dtype=torch.int64)
        arguments.prompt, arguments.prompt_length = prompt.data_ptr(), len(prompt)
        arguments.uniform, arguments.generated = uniform.data_ptr(), symbols.data_ptr()
        arguments.count = count
        generated = library.generate(ctypes.byref(arguments))
        yield from symbols[:generated].tolist()
        if generated < count:
            raise IntegrityError(NOT_FINITE)
        prompt, total, arguments.packed = symbols[-1:], total + count, 1
        count = min(GROWTH * total, MAX_SYMBOLS_PER_CALL)


class _Layer:
    """One layer's tensors, kept alive, and the struct with their addresses."""

    def __init__(
        self, library: NativeLibrary, model: RecurrentModel, state: State, number: int
    ) -> None:
        recurrent = model.recurrent
        cell, weights = recurrent.cell, recurrent.weights(number, 0)
        weight, bias_hh = weights["weight_hh"], weights.get("bias_hh")
        # autocast may have rounded the state
        state_tensors = [tensor.to(weight.dtype) for tensor in state[number]]
        buffers = [torch.cat([tensor, torch.empty_like(tensor)]) for tensor in state_tensors]
        passes = NativePasses(library, cell.name)
        self.bias = input_bias(passes, weight, weights.get("bias_ih"), bias_hh)
        tensors: dict[str, Tensor | None] = {
            "weight_ih": weights["weight_ih"] if number else None,
            "bias": self.bias if number else None,
            "weight_hh": weight,
            "bias_n": recurrent_bias(passes, weight, bias_hh),
            "hidden": buffers[0],
            "cell_state": buffers[1] if len(buffers) > 1 else None,
            "gates": buffers[0].new_empty(len(weight)),
            "recurrent_n": buffers[0].new_empty(cell.hidden_size),
        }
        self.tensors = {
            name: _snapshot(tensor) for name, tensor in tensors.items() if tensor is not None
        }
        self.arguments = LayerArguments(
            cell=CELLS.index(cell.name),
            hidden_size=cell.hidden_size,
            **{name: tensor.data_ptr() for name, tensor in self.tensors.items()},
        )


def _snapshot(tensor: Tensor) -> Tensor:
    """A reference to a parameter's present memory, which remains if the parameter gets another."""
    return tensor.detach().contiguous()


def _symbol_table(model: RecurrentModel, bias: Tensor | None) -> Tensor:
    """The projection of each symbol by the first layer, with biases: (V, G)."""
    table = model.recurrent.weights(0, 0)["weight_ih"].t()
    if model.embedding is not None:
        table = model.embedding(torch.arange(model.signature.input_size)) @ table
    return (table if bias is None else table + bias).contiguous()
