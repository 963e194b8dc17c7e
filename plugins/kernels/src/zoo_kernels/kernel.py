"""The native kernel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, final

import torch
from torch import Tensor
from torch.optim import Optimizer

from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.generation.text_kernel import AbstractTextKernel
from zoo_core.runtime.hardware.device import multiplies_bfloat16
from zoo_core.runtime.kernels.autograd import scan_with_passes
from zoo_core.runtime.kernels.onednn import (
    AMX_BF16,
    AMX_FP32,
    AVX512_BF16_EVALUATION,
    BASELINE,
    BASELINE_ROWS,
    NOWHERE,
    runs_faster_in_onednn,
)
from zoo_core.runtime.kernels.scans import AbstractScanKernel
from zoo_core.runtime.nn import (
    AbstractCell,
    AbstractKernel,
    AbstractScannedCell,
    LayerState,
    RecurrentModel,
    ScanCase,
    State,
    Weights,
)
from zoo_core.runtime.training.class_loss import (
    AbstractClassLossKernel,
    ClassLoss,
    CrossEntropy,
)
from zoo_core.runtime.training.whole_step import AbstractWholeStep, AbstractWholeStepKernel
from zoo_kernels import text
from zoo_kernels.class_loss import class_loss
from zoo_kernels.library import NativeLibrary, native_library
from zoo_kernels.linear_scan import NativeScan
from zoo_kernels.passes import CELLS, NativePasses
from zoo_kernels.small_step import small_step
from zoo_kernels.text_weights import TextWeights, sources, text_weights

DTYPES = (torch.float32, torch.float64)
INDEX_DTYPES = (torch.int32, torch.int64)
"""Of prompts: those of the symbols that an embedding takes."""
MAX_TABLE_SIZE = 1 << 22
"""Number of elements of a table of symbols that takes milliseconds to compute."""
MIN_ROWS_OF_ONE_STEP = 256
"""Rows from which one step without gradients pays.

A call arranges the weights anew, for all the steps that follow. Of one step the cell's own takes
0.2 to 0.9 of the time with 1 to 16 rows, 0.4 to 1.05 with 64 and 0.7 to 1.1 with 256, measured with
AVX-512, H from 64 to 1,024, on one thread."""


@final
class NativeScanKernel(AbstractScanKernel):
    """The part of the native kernel that runs cells by scans.

    Args:
        library: The compiled functions.
    """

    name = "native"

    def __init__(self, library: NativeLibrary) -> None:
        super().__init__(NativeScan(library))


@final
class NativeKernel(
    AbstractKernel, AbstractTextKernel, AbstractClassLossKernel, AbstractWholeStepKernel
):
    """The steps in C++, with the best instructions of the processor.

    Under autocast their products are in bfloat16 if the processor has instructions for it, with
    states, sums and gates in float32. Scans of linear recurrences have no products with a matrix,
    and stay in float32.
    """

    name = "native"
    prefers_tokens = True

    def __init__(self) -> None:
        library = native_library()
        if isinstance(library, str):
            self.missing: str | None = library
            self.details = library
            self.passes: dict[str, NativePasses] = {}
            self.scans: NativeScanKernel | None = None
            self.computes_class_loss = False
        else:
            self.missing = None
            self.details = library.levels[library.level]
            self.passes = {cell: NativePasses(library, cell) for cell in CELLS}
            self.scans = NativeScanKernel(library)
            self.computes_class_loss = True

    def unsupported_reason(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """Cells that are not written in C++, projections, other dtypes and devices."""
        if self.missing is not None:
            return self.missing
        if like.device.type != "cpu" or like.dtype not in DTYPES:
            return f"it does not support {like.dtype} on {like.device.type}"
        if isinstance(cell, AbstractScannedCell):
            return None
        if cell.name not in self.passes:
            return f"it does not support {cell.name}"
        if cell.output_size != cell.hidden_size:
            return "it does not support projections"
        return self._refuses_bfloat16(like.dtype)

    def _refuses_bfloat16(self, dtype: torch.dtype) -> str | None:
        if not torch.is_autocast_enabled("cpu") or not multiplies_bfloat16("cpu"):
            return None
        library = _library()
        if dtype != torch.float32 or torch.get_autocast_dtype("cpu") != torch.bfloat16:
            return f"it makes no products of {dtype} in {torch.get_autocast_dtype('cpu')}"
        if not library.multiplies_bfloat16:
            return f"with {library.levels[library.level]} its products are in full precision"
        return None

    def pays(self, case: ScanCase) -> bool:
        """See AbstractKernel: for a cell that runs by scans, what AbstractScanKernel says.

        Another kernel runs some sizes faster, see ``zoo_core.runtime.kernels.onednn``.
        """
        if case.cell.name not in self.passes:
            return self.scans is not None and self.scans.pays(case)
        if case.is_single_step and case.batch_size < MIN_ROWS_OF_ONE_STEP:
            return False
        library = _library()
        level = library.levels[library.level]
        if level.startswith("amx"):
            return not runs_faster_in_onednn(case, AMX_FP32, AMX_BF16)
        if level.startswith("avx512"):
            bf16 = NOWHERE if case.needs_grad else AVX512_BF16_EVALUATION
            return not runs_faster_in_onednn(case, NOWHERE, bf16)
        if level == "baseline" and len(library.levels) > 1:  # of x86; no other is measured
            is_few = case.batch_size < BASELINE_ROWS
            return is_few and not runs_faster_in_onednn(case, BASELINE, BASELINE)
        return True

    def folds_embedding(self, cell: AbstractCell[Any]) -> bool:
        """See AbstractKernel: a cell that runs by scans may use ``weight_ih`` in another way."""
        return cell.name in self.passes

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
        if cell.name in self.passes:
            passes = self.passes[cell.name]
            return scan_with_passes(
                passes, weights, inputs, state, lengths=lengths, reverse=reverse
            )
        assert self.scans is not None, "without a library, no cell is supported"
        return self.scans.scan(cell, weights, inputs, state, lengths=lengths, reverse=reverse)

    def scan_with_resets(
        self,
        cell: AbstractCell[Any],
        weights: Weights,
        inputs: Tensor,
        state: LayerState,
        *,
        resets: Tensor,
        lengths: Tensor | None,
        reverse: bool,
    ) -> tuple[Tensor, LayerState]:
        """See AbstractKernel: within a scan, the state starts anew."""
        run = super().scan_with_resets
        if cell.name not in self.passes:
            assert self.scans is not None, "without a library, no cell is supported"
            run = self.scans.scan_with_resets
        return run(cell, weights, inputs, state, resets=resets, lengths=lengths, reverse=reverse)

    def generate(
        self,
        model: RecurrentModel,
        state: State,
        prompt: Tensor,
        sampler: Sampler,
        *,
        int8: bool = False,
    ) -> Iterator[int] | None:
        """See AbstractTextKernel; under autocast with bfloat16 weights, on any processor."""
        weights = self._text_weights(model, [prompt], [sampler], int8=int8)
        return None if weights is None else text.generate(model, weights, state, prompt, sampler)

    def generate_rows(
        self,
        model: RecurrentModel,
        states: Sequence[State],
        prompts: Sequence[Tensor],
        samplers: Sequence[Sampler],
        lengths: Sequence[int],
        *,
        int8: bool = False,
    ) -> list[list[int]] | None:
        """See AbstractTextKernel."""
        weights = self._text_weights(model, prompts, samplers, int8=int8)
        if weights is None:
            return None
        return text.generate_rows(model, weights, states, prompts, samplers, lengths)

    def _text_weights(
        self,
        model: RecurrentModel,
        prompts: Sequence[Tensor],
        samplers: Sequence[Sampler],
        *,
        int8: bool,
    ) -> TextWeights | None:
        """Returns a model's weights for texts; None if the library does not suit the texts."""
        storage = _storage(model, int8=int8)
        if storage is None or model.recurrent.cell.name not in self.passes:
            return None
        if any(sampler.top_p is not None for sampler in samplers):  # drawn in Python
            return None
        tensors = sources(model)
        if not _is_safe_to_read(model, tensors, prompts) or not _has_small_table(model, tensors):
            return None
        return text_weights(_library(), model, tensors, storage)

    def class_loss(
        self,
        logits: Tensor,
        targets: Tensor,
        weights: Tensor | None,
        smoothing: float,
        grad: Tensor | None,
    ) -> ClassLoss | None:
        """See AbstractClassLossKernel."""
        return class_loss(_library(), logits, targets, weights, smoothing, grad)

    def whole_step(
        self,
        model: RecurrentModel,
        loss: CrossEntropy,
        optimizer: Optimizer,
        clip_norm: float | None,
    ) -> AbstractWholeStep | None:
        """See AbstractWholeStepKernel."""
        bf16 = torch.is_autocast_enabled("cpu")
        if bf16 and not multiplies_bfloat16("cpu"):
            return None  # there the output layer alone rounds
        if self._refuses_bfloat16(model.output.weight.dtype):
            return None
        return small_step(_library(), model, loss, optimizer, clip_norm, bf16=bf16)


def _library() -> NativeLibrary:
    library = native_library()
    assert not isinstance(library, str), "only a library that is there is chosen"
    return library


def _storage(model: RecurrentModel, *, int8: bool) -> str | None:
    """Returns how to store weights for texts, one of STORAGES; None if there is no way."""
    if int8:
        is_narrow = model.recurrent.cell.hidden_size <= text.MAX_INT8_WIDTH
        return "int8" if is_narrow and model.output.weight.dtype == torch.float32 else None
    casting = torch.is_autocast_enabled("cpu")
    return "bf16" if casting and torch.get_autocast_dtype("cpu") == torch.bfloat16 else "fp32"


def _has_small_table(model: RecurrentModel, tensors: Sequence[Tensor]) -> bool:
    """Whether the table of all symbols for C++, (V, G), is small, or no larger than the model.

    A large vocabulary with a narrow embedding makes a table of gigabytes, which delays the first
    symbol by seconds. There the output layer takes most of the time in any loop.
    """
    size = model.signature.input_size * len(model.recurrent.weights(0, 0)["weight_hh"])
    return size <= MAX_TABLE_SIZE or size <= sum(tensor.numel() for tensor in tensors)


def _is_safe_to_read(
    model: RecurrentModel, tensors: Sequence[Tensor], prompts: Sequence[Tensor]
) -> bool:
    """Whether C++, which checks nothing, may read the model's weights and the prompts.

    If it may not, the model itself reports what is wrong.
    """
    symbols, like = model.signature.input_size, tensors[0]
    dtype, device = like.dtype, like.device
    if any(tensor.dtype != dtype or tensor.device != device for tensor in tensors):
        return False
    if model.output.weight.shape != (symbols, model.recurrent.output_size):
        return False
    return all(_are_symbols(prompt, symbols) for prompt in prompts)


def _are_symbols(prompt: Tensor, symbols: int) -> bool:
    """Whether a prompt, (T,), has integers, all of them at least 0 and less than V."""
    if prompt.dtype not in INDEX_DTYPES:
        return False
    numbers = prompt.tolist() if len(prompt) <= text.MAX_PROMPT_IN_LOOP else prompt.aminmax()
    return bool(numbers) and all(0 <= int(number) < symbols for number in numbers)
