"""The weights of the text loop, which are packed once for all texts of a model."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from math import nan
from typing import Any, final
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from zoo_core.runtime.generation.int8 import round_rows
from zoo_core.runtime.kernels.projection import input_bias, recurrent_bias
from zoo_core.runtime.nn import RecurrentModel
from zoo_kernels.library import LayerArguments, NativeLibrary, Numbers, TextArguments
from zoo_kernels.memory import memory
from zoo_kernels.passes import CELLS, NativePasses
from zoo_kernels.text_threads import TextThreads

STORAGES = ("fp32", "bf16", "int8")
"""How weights are stored, in the order of ``enum zoo_storage``; float64 ones as they are."""
MAX_KEPT_BYTES = 1 << 25
"""Packed weights, with their table of symbols, that are kept for the next text. Of larger ones,
packing takes less time than a dozen symbols, and a second copy of them too much memory."""


def text_weights(
    library: NativeLibrary, model: RecurrentModel, tensors: Sequence[Tensor], storage: str
) -> TextWeights:
    """Returns the weights of a model as the library reads them.

    Those of an earlier text are returned as long as no bit of the model's weights has changed. The
    versions of tensors would not tell: NumPy, C++ and ``.data`` write without counting.

    Args:
        library: The compiled functions.
        model: Whose texts are generated, by C++ from its layers' weights.
        tensors: What ``sources`` returns of it.
        storage: How float32 weights are stored, one of STORAGES.
    """
    if model.training:  # an embedding may scale its rows or drop some
        return TextWeights(library, model, storage, 0)
    key = (library.level, storage, model.recurrent.cell.name, model.output.weight.dtype)
    numbers = fingerprint(library, tensors, _embedding_options(model))
    kept = _kept_weights().setdefault(model, {})
    found = kept.get(key)
    if found is None or found.fingerprint != numbers:
        kept.pop(key, None)  # not both at once
        found = TextWeights(library, model, storage, numbers)
        if found.nbytes <= MAX_KEPT_BYTES:
            kept[key] = found
    return found


@cache
def _kept_weights() -> WeakKeyDictionary[RecurrentModel, dict[tuple[Any, ...], TextWeights]]:
    """The latest weights of each model that lives, by what else they depend on."""
    return WeakKeyDictionary()


@final
class TextWeights:
    """A model's packed weights, its biases and each symbol's projection by the first layer.

    They are not changed, so that several texts may read them at once.

    Args:
        library: The compiled functions.
        model: The model.
        storage: How float32 weights are stored, one of STORAGES.
        fingerprint: Of what they are made of.

    Attributes:
        library: As given.
        fingerprint: As given.
        packed: The memory of the packed weights.
        arguments: What the library is told of them; all fields of a text are missing.
        layers: Likewise of each layer.
        threads: How many generate the texts, by the number of rows and of threads that may.
    """

    def __init__(
        self, library: NativeLibrary, model: RecurrentModel, storage: str, fingerprint: int
    ) -> None:
        self.library, self.fingerprint = library, fingerprint
        self.threads: dict[tuple[int, int], TextThreads] = {}
        output, recurrent = model.output, model.recurrent
        if output.weight.dtype == torch.float64:
            storage = STORAGES[0]
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            layers = [_biases(library, model, number) for number in range(recurrent.num_layers)]
            self._table = _symbol_table(model, layers[0].pop("bias", None))
            self._biases = [*layers, {"bias": output.bias.detach().clone()}]
            weights = [
                _layer_weights(model, number, storage) for number in range(recurrent.num_layers)
            ]
            last = _stored("weight", "scales", output.weight, storage)
        self.layers = (LayerArguments * len(layers))(
            *(
                LayerArguments(
                    cell=CELLS.index(recurrent.cell.name),
                    hidden_size=recurrent.cell.hidden_size,
                    **_addresses(biases | stored),
                )
                for biases, stored in zip(layers, weights, strict=True)
            )
        )
        self.arguments = TextArguments(
            element_size=self._table.element_size(),
            level=library.level,
            threads=torch.get_num_threads(),  # of packing
            storage=STORAGES.index(storage),
            layers=len(layers),
            symbols=len(self._table),
            layer=self.layers,
            table=self._table.data_ptr(),
            **_addresses(self._biases[-1] | last),
        )
        size = library.packed_text(ctypes.byref(self.arguments))
        self.packed = memory(size)
        self.arguments.packed = self.packed.data_ptr()
        library.pack_text(ctypes.byref(self.arguments))
        # From here on only the packed weights are read: the others may leave their memory.
        for struct, names in [(self.arguments, last), *zip(self.layers, weights, strict=True)]:
            for name in names:
                setattr(struct, name, None)

    @property
    def nbytes(self) -> int:
        """The bytes of the packed weights and of the table, beside which the biases are few."""
        return self.packed.nbytes + self._table.nbytes


def fingerprint(
    library: NativeLibrary, tensors: Sequence[Tensor], options: Sequence[float] = ()
) -> int:
    """Returns a number that differs if a bit of some numbers does, or their order.

    Args:
        library: The compiled functions.
        tensors: Contiguous ones.
        options: More numbers.
    """
    more = (ctypes.c_double * len(options))(*options)
    parts = (Numbers * (len(tensors) + 1))(
        *(Numbers(each.data_ptr(), each.nbytes) for each in tensors),
        Numbers(ctypes.addressof(more), ctypes.sizeof(more)),
    )
    return int(library.fingerprint(parts, len(parts)))


def sources(model: RecurrentModel) -> list[Tensor]:
    """Returns all tensors that the weights of the text loop are made of."""
    recurrent, output = model.recurrent, model.output
    layers = [recurrent.weights(number, 0) for number in range(recurrent.num_layers)]
    tensors = [tensor for layer in layers for tensor in layer.values()]
    tensors += [output.weight, output.bias]
    if model.embedding is not None:
        tensors.append(model.embedding.weight)
    return [
        tensor if tensor.is_contiguous() else tensor.detach().contiguous() for tensor in tensors
    ]


def _embedding_options(model: RecurrentModel) -> tuple[float, ...]:
    """Returns what the table of symbols depends on beside the weights."""
    embedding = model.embedding
    if embedding is None:
        return ()
    return nan if embedding.max_norm is None else embedding.max_norm, embedding.norm_type


def _biases(library: NativeLibrary, model: RecurrentModel, number: int) -> dict[str, Tensor]:
    """Returns the biases of a layer, by their names in C++."""
    weights = model.recurrent.weights(number, 0)
    weight, bias_hh = weights["weight_hh"], weights.get("bias_hh")
    passes = NativePasses(library, model.recurrent.cell.name)
    found = {
        "bias": input_bias(passes, weight, weights.get("bias_ih"), bias_hh),
        "bias_n": recurrent_bias(passes, weight, bias_hh),
    }
    # copies, because a parameter's own memory may be written while a text is made
    return {name: bias.detach().clone() for name, bias in found.items() if bias is not None}


def _layer_weights(model: RecurrentModel, number: int, storage: str) -> dict[str, Tensor]:
    """Returns the matrices of a layer; those of the first layer's inputs are in the table."""
    weights = model.recurrent.weights(number, 0)
    found = _stored("weight_hh", "scales_hh", weights["weight_hh"], storage)
    if number:
        found |= _stored("weight_ih", "scales_ih", weights["weight_ih"], storage)
    return found


def _stored(name: str, scales_name: str, weight: Tensor, storage: str) -> dict[str, Tensor]:
    """Returns the tensors that a weight is stored in, by their names in C++."""
    if storage != "int8":
        return {name: weight.detach().contiguous()}
    rounded = round_rows(weight.detach())
    return {name: rounded.integers.contiguous(), scales_name: rounded.scales.contiguous()}


def _symbol_table(model: RecurrentModel, bias: Tensor | None) -> Tensor:
    """The projection of each symbol by the first layer, with biases: (V, G)."""
    table = model.recurrent.weights(0, 0)["weight_ih"].t()
    if model.embedding is not None:
        table = model.embedding(torch.arange(model.signature.input_size, device="cpu")) @ table
    return (table.clone() if bias is None else table + bias).contiguous()


def _addresses(tensors: dict[str, Tensor]) -> dict[str, int]:
    return {name: tensor.data_ptr() for name, tensor in tensors.items()}
