"""The native kernel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, final

import torch
from torch import Tensor

from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.generation.text_kernel import AbstractTextKernel
from zoo_core.runtime.hardware.device import multiplies_bfloat16
from zoo_core.runtime.kernels.autograd import run
from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.model import AbstractRecurrentModel
from zoo_core.runtime.nn.state import LayerState, State
from zoo_kernels.library import native_library
from zoo_kernels.sweep import CELLS, NativeSweep
from zoo_kernels.text import generate

DTYPES = (torch.float32, torch.float64)
SMALL = 1 << 22
"""Numbers that are made in milliseconds."""


@final
class NativeKernel(AbstractKernel, AbstractTextKernel):
    """The steps in C++, with the best instructions the processor has.

    Under autocast their products are in bfloat16 where there are instructions for it, with states,
    sums and gates in float32.
    """

    name = "native"
    looks_up = True

    def __init__(self) -> None:
        library = native_library()
        self.missing = library if isinstance(library, str) else None
        self.details = library if isinstance(library, str) else library.levels[library.level]
        self.sweeps = (
            {} if isinstance(library, str) else {cell: NativeSweep(library, cell) for cell in CELLS}
        )

    def refuses(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """Cells that are not written in C++, projections, other dtypes and devices."""
        if self.missing is not None:
            return self.missing
        if cell.name not in self.sweeps:
            return f"it knows no {cell.name}"
        if cell.output_size != cell.hidden_size:
            return "it knows no projections"
        if like.device.type != "cpu" or like.dtype not in DTYPES:
            return f"it knows no {like.dtype} on {like.device.type}"
        if torch.is_autocast_enabled("cpu") and multiplies_bfloat16("cpu"):
            return self._refuses_halves(like.dtype)
        return None

    def _refuses_halves(self, dtype: torch.dtype) -> str | None:
        library = native_library()
        assert not isinstance(library, str), "it was asked because it is there"
        if dtype != torch.float32 or torch.get_autocast_dtype("cpu") != torch.bfloat16:
            return f"it makes no products of {dtype} in {torch.get_autocast_dtype('cpu')}"
        if not library.multiplies_bfloat16:
            return f"with {library.levels[library.level]} its products are in full precision"
        return None

    def scan(
        self,
        cell: AbstractCell[Any],
        weights: Weights,
        inputs: Tensor,
        state: LayerState,
        *,
        lengths: Tensor | None,
        reverse: bool,
    ) -> tuple[Tensor, LayerState]:
        """See AbstractKernel."""
        return run(self.sweeps[cell.name], weights, inputs, state, lengths=lengths, reverse=reverse)

    def generate(
        self, model: AbstractRecurrentModel, state: State, prompt: Tensor, sampler: Sampler
    ) -> Iterator[int] | None:
        """See AbstractTextKernel; with bfloat16 weights by autocast, on any processor."""
        library = native_library()
        assert not isinstance(library, str), "it was chosen because it is there"
        if not _trustworthy(model, prompt):
            return None  # the model says what is wrong
        if not _table_repays(model):
            return None
        casting = torch.is_autocast_enabled("cpu")
        half = casting and torch.get_autocast_dtype("cpu") == torch.bfloat16
        return generate(library, model, state, prompt, sampler, half=half)


def _table_repays(model: AbstractRecurrentModel) -> bool:
    """Whether what C++ is given of all symbols, (V, G), is small, or no larger than the model.

    With an embedding and a large vocabulary it would be neither: gigabytes, and seconds before the
    first symbol, where the output layer takes most of the time whoever runs the loop.
    """
    table = model.signature.input_size * len(model.recurrent.weights(0, 0)["weight_hh"])
    return table <= max(SMALL, sum(each.numel() for each in model.parameters()))


def _trustworthy(model: AbstractRecurrentModel, prompt: Tensor) -> bool:
    """Whether C++, which looks at none of it, may read a plain model and the symbols it is fed."""
    symbols, like = model.signature.input_size, model.recurrent.weights(0, 0)["weight_hh"]
    alike = all(
        (each.dtype, each.device) == (like.dtype, like.device) for each in model.parameters()
    )
    fits = model.output.weight.shape == (symbols, model.recurrent.output_size)
    return alike and fits and int(prompt.min()) >= 0 and int(prompt.max()) < symbols
