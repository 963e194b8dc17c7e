"""The native kernel, at every level of instructions, against the portable one."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.runtime.building.sharpened import letters
from zoo_core.errors import ConfigError
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.building.build import make_model
from zoo_core.runtime.building.kernel_choice import backend_of
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.cell import AbstractCell
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.state import rebuild
from zoo_gru.cell import GruCell, ResetBeforeGruCell
from zoo_kernels import kernel as native
from zoo_kernels import library
from zoo_kernels.kernel import NativeKernel
from zoo_kernels.library import LEVEL, NativeLibrary, native_library
from zoo_lstm.cell import LstmCell
from zoo_rnn.cell import RnnCell

BUILT = native_library()
built = pytest.mark.skipif(isinstance(BUILT, str), reason=str(BUILT))
LEVELS = [] if isinstance(BUILT, str) else BUILT.levels[: BUILT.best + 1]
every_level = pytest.mark.parametrize("level", LEVELS)
CELLS = {
    "rnn-tanh": RnnCell,
    "rnn-relu": lambda width: RnnCell(width, "relu"),
    "lstm": LstmCell,
    "lstm-no-bias": lambda width: LstmCell(width, bias=False),
    "gru": GruCell,
    "gru-no-bias": lambda width: GruCell(width, bias=False),
}
every_cell = pytest.mark.parametrize("make", CELLS.values(), ids=CELLS)
SIZES = [(1, 1, 1), (3, 5, 7), (2, 9, 33), (50, 3, 20), (7, 4, 130)]
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}


def answer(
    kernel: AbstractKernel,
    cell: AbstractCell[Any],
    size: tuple[int, int, int],
    dtype: torch.dtype = torch.float32,
    *,
    padded: bool = False,
    reverse: bool = False,
    cut: bool = False,
    backward: bool = True,
) -> list[Tensor]:
    """Outputs, last state and every gradient for the same random weights and inputs each time.

    With ``cut``, the initial state needs no gradient. Without ``backward``, none is computed.
    """
    rows, steps, _ = size
    torch.manual_seed(0)
    weights = Recurrent(cell, 3).to(dtype).weights(0, 0)
    inputs = torch.randn(rows, steps, 3, dtype=dtype, requires_grad=True)
    zeros = cell.initial_state(rows, inputs)
    start = rebuild(zeros, (torch.randn_like(tensor).requires_grad_(not cut) for tensor in zeros))
    lengths = torch.randint(1, steps + 1, (rows,)) if padded else None
    outputs, after = kernel.scan(cell, weights, inputs, start, lengths=lengths, reverse=reverse)
    # transposed, so that gradients have other strides than states
    outcome = torch.cat([outputs.mT.flatten(), *(tensor.t().flatten() for tensor in after)])
    if not backward:
        return [outcome]
    loss = (outcome * torch.arange(len(outcome)).to(dtype).cos()).sum()
    variables = [inputs, *weights.values()]
    if not cut:
        variables += start
    return [outcome, *torch.autograd.grad(loss, variables)]


@built
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(make, id=name, marks=[pytest.mark.gate] if name.endswith("no-bias") else [])
        for name, make in CELLS.items()
    ],
)
def test_every_level_gives_what_the_portable_kernel_gives(
    monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    for size, dtype, (padded, reverse, cut) in product(
        SIZES, TOLERANCE, product([False, True], repeat=3)
    ):
        options = {"padded": padded, "reverse": reverse, "cut": cut}
        expected = answer(PortableKernel(), make(size[2]), size, dtype, **options)
        for level in LEVELS:
            monkeypatch.setenv(LEVEL, level)
            actual = answer(NativeKernel(), make(size[2]), size, dtype, **options)
            tolerance = TOLERANCE[dtype]
            message = f"differs at level {level}, size {size}, {dtype}, {options}"
            torch.testing.assert_close(
                actual, expected, rtol=tolerance, atol=tolerance, msg=message
            )


def numbers_like(like: Tensor) -> Tensor:
    """Different numbers between -1 and 1, in the order of their memory."""
    return torch.arange(like.numel(), dtype=like.dtype).cos().view(like.shape)


GRADIENTS = {
    "none": lambda outputs: None,
    "of-rows": numbers_like,
    "of-steps": lambda outputs: numbers_like(outputs.transpose(0, 1)).transpose(0, 1),
    "with-gaps": lambda outputs: numbers_like(torch.cat([outputs] * 2, 2))[
        :, :, : outputs.shape[2]
    ],
    "of-columns": lambda outputs: numbers_like(outputs.mT).mT,
    "the-same-row": lambda outputs: numbers_like(outputs[:1]).expand_as(outputs),
    "the-same-step": lambda outputs: numbers_like(outputs[:, :1]).expand_as(outputs),
    "one-number": lambda outputs: torch.ones((), dtype=outputs.dtype).expand_as(outputs),
    "with-a-sign-apart": lambda outputs: torch._neg_view(numbers_like(outputs)),
}
"""Gradients of outputs (B, T, H), each with other strides, or with its sign kept apart by torch, as
that of a conjugate's imaginary part."""


@built
@every_cell
@pytest.mark.parametrize("gradient", GRADIENTS.values(), ids=GRADIENTS)
def test_gradients_of_outputs_are_read_where_they_lie_and_stay_as_they_are(
    make: Any, gradient: Any
) -> None:
    cell = make(5)
    torch.manual_seed(0)
    weights = Recurrent(cell, 3).double().weights(0, 0)
    inputs = torch.randn(3, 4, 3, dtype=torch.float64, requires_grad=True)
    start = cell.initial_state(3, inputs)
    for lengths, reverse, ends in product(
        [None, torch.tensor([2, 4, 1])], [False, True], [False, True]
    ):
        found = []
        for kernel in (NativeKernel(), PortableKernel()):
            outputs, after = kernel.scan(
                cell, weights, inputs, start, lengths=lengths, reverse=reverse
            )
            grads = [gradient(outputs), *(numbers_like(part) if ends else None for part in after)]
            pairs = [
                (result, grad)
                for result, grad in zip([outputs, *after], grads, strict=True)
                if grad is not None
            ]
            if not pairs:
                continue
            results, given = zip(*pairs, strict=True)
            before = [grad.clone() for grad in given]
            variables = [inputs, *weights.values()]
            for _ in range(2):  # the second time, what the first has left
                found.append(torch.autograd.grad(results, variables, given, retain_graph=True))
            assert all(map(torch.equal, given, before))
        for other in found[1:]:
            torch.testing.assert_close(other, found[0], rtol=1e-12, atol=1e-12)


THREADED = {
    "by-rows": (64, 12, 64),
    "by-columns": (5, 4, 240),
    "a-row-left-over": (145, 8, 64),  # the last row is alone, or with two threads beside another
}


@pytest.mark.gate
@built
@every_cell
@pytest.mark.parametrize("size", THREADED.values(), ids=THREADED)
def test_threads_change_no_bit(
    monkeypatch: pytest.MonkeyPatch, make: Any, size: tuple[int, int, int]
) -> None:
    """Outputs and states; torch's products over all steps may differ in the last bits."""
    for level, padded in [*((level, False) for level in LEVELS), (LEVELS[-1], True)]:
        monkeypatch.setenv(LEVEL, level)
        torch.set_num_threads(1)
        one_thread = answer(NativeKernel(), make(size[2]), size, padded=padded, backward=False)
        torch.set_num_threads(2)
        two_threads = answer(NativeKernel(), make(size[2]), size, padded=padded, backward=False)
        assert torch.equal(*two_threads, *one_thread), (level, padded)


@built
@every_cell
def test_a_result_repeats_bit_for_bit(make: Any) -> None:
    for threads in (1, 2):
        torch.set_num_threads(threads)
        first, again = (answer(NativeKernel(), make(150), (40, 4, 150)) for _ in range(2))
        assert all(torch.equal(*pair) for pair in zip(first, again, strict=True)), threads


@built
@every_cell
def test_nan_propagates(make: Any) -> None:
    cell = make(9)
    weights = Recurrent(cell, 3).weights(0, 0)
    inputs = torch.zeros(2, 3, 3)
    inputs[0, 1, 1] = torch.nan
    start = cell.initial_state(2, inputs)
    outputs, _ = NativeKernel().scan(cell, weights, inputs, start, lengths=None, reverse=False)
    assert outputs[0, 1:].isnan().all()
    assert outputs[0, 0].isfinite().all()
    assert outputs[1].isfinite().all()


def numbers() -> Tensor:
    """Returns numbers of both signs and every exponent up to 2^6, and infinities, (N,)."""
    powers = torch.tensor([2.0**exponent for exponent in range(-149, 7)], dtype=torch.float64)
    sizes = torch.cat([powers * fraction for fraction in (1, 1.3, 1.9)])
    sizes = torch.cat([sizes, torch.linspace(64, 130, 100), torch.tensor([torch.inf])]).float()
    return torch.cat([sizes, -sizes]).repeat(4)  # more than the portable kernel took for few


def tanh_and_sigmoid(kernel: AbstractKernel, x: Tensor) -> tuple[Tensor, Tensor]:
    """Returns both functions of numbers (N,), as a kernel computes them in its steps."""
    options: dict[str, Any] = {"lengths": None, "reverse": False}
    zero, one = torch.zeros(1, 1), torch.ones(1, 1)
    rnn, lstm = RnnCell(1, bias=False), LstmCell(1)
    weights = {"weight_ih": one, "weight_hh": zero}
    inputs = x.view(-1, 1, 1)
    tanh, _ = kernel.scan(rnn, weights, inputs, rnn.initial_state(len(x), one), **options)
    # the output gate sees the number; the cell state stays 20, whose tanh is 1
    weights = {
        "weight_ih": torch.tensor([0.0, 0.0, 0.0, 1.0]).view(4, 1),
        "weight_hh": torch.zeros(4, 1),
        "bias_ih": torch.tensor([-200.0, 200.0, 0.0, 0.0]),
        "bias_hh": torch.zeros(4),
    }
    start = lstm.initial_state(len(x), one)._replace(cell=torch.full((len(x), 1), 20.0))
    # without infinities, which times a weight of 0 are no numbers
    inputs = inputs.clamp(-3e38, 3e38)
    sigmoid, _ = kernel.scan(lstm, weights, inputs, start, **options)
    return tanh.flatten(), sigmoid.flatten()


@pytest.mark.parametrize("level", [None, *LEVELS])
def test_activations_are_exact_for_every_exponent(
    monkeypatch: pytest.MonkeyPatch, level: str | None
) -> None:
    """The relative error is small wherever the result is a normal number of float32."""
    kernel: AbstractKernel = PortableKernel()
    if level is not None:
        monkeypatch.setenv(LEVEL, level)
        kernel = NativeKernel()
    x = numbers()
    tanh, sigmoid = tanh_and_sigmoid(kernel, x)
    smallest = torch.finfo(torch.float32).tiny
    for actual, expected in ((tanh, x.double().tanh()), (sigmoid, x.double().sigmoid())):
        torch.testing.assert_close(actual.double(), expected, rtol=5e-7, atol=smallest)
    assert sigmoid.min() == 0
    assert torch.equal(tanh[x.abs() >= 16], x[x.abs() >= 16].sign())


@pytest.mark.parametrize("kernel", [PortableKernel(), ReferenceKernel()], ids=lambda k: k.name)
@built
def test_the_gradient_of_relu_passes_a_nan_on(kernel: AbstractKernel) -> None:
    cell = RnnCell(3, "relu")
    torch.manual_seed(0)
    weights = Recurrent(cell, 2).weights(0, 0)
    gradients = []
    for scanning in (NativeKernel(), kernel):
        inputs = torch.randn(2, 3, 2, generator=torch.Generator().manual_seed(0))
        inputs[0, 1, 0] = torch.nan
        inputs.requires_grad_()
        start = cell.initial_state(2, inputs)
        outputs, _ = scanning.scan(cell, weights, inputs, start, lengths=None, reverse=False)
        gradients.append(torch.autograd.grad(outputs.sum(), [inputs, *weights.values()]))
    torch.testing.assert_close(*gradients, equal_nan=True)
    assert gradients[0][0][0, 1].all()  # the gradient went through the step with the NaN


@built
@every_cell
def test_gates_saturate_far_from_zero(make: Any) -> None:
    cell, sizes = make(9), torch.tensor([-1e30, -1e4, 1e4, 1e30])
    weights = Recurrent(cell, 3).weights(0, 0)
    inputs = sizes.view(4, 1, 1).expand(4, 2, 3).contiguous()
    start = cell.initial_state(4, inputs)
    options: dict[str, Any] = {"lengths": None, "reverse": False}
    expected, _ = PortableKernel().scan(cell, weights, inputs, start, **options)
    actual, _ = NativeKernel().scan(cell, weights, inputs, start, **options)
    # A unit of relu adds and subtracts numbers as large as the largest of its step.
    scale = expected.abs().amax(dim=(1, 2), keepdim=True).clamp(min=1)
    assert actual.isfinite().all()
    assert ((actual - expected).abs() <= 1e-5 * scale).all()


@built
def test_the_environment_limits_the_level_and_an_unknown_level_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(LEVEL, "baseline")
    assert NativeKernel().details == "baseline"
    monkeypatch.setenv(LEVEL, LEVELS[-1])
    assert NativeKernel().details == LEVELS[-1]
    monkeypatch.setenv(LEVEL, "mmx")
    with pytest.raises(ConfigError, match=r"ZOO_KERNELS_LEVEL = mmx: expected one of baseline"):
        NativeKernel()


@built
def test_other_cells_projections_and_dtypes_are_not_supported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel, like = NativeKernel(), torch.zeros(1)
    assert kernel.unsupported_reason(LstmCell(4), like) is None
    assert (
        kernel.unsupported_reason(LstmCell(4, proj_size=2), like)
        == "it does not support projections"
    )
    reason = kernel.unsupported_reason(ResetBeforeGruCell(4), like)
    assert reason == "it does not support gru-reset-before"
    monkeypatch.setenv(LEVEL, "baseline")
    with torch.autocast("cpu", torch.bfloat16):
        for fast, message in (
            (True, "with baseline its products are in full precision"),
            (False, None),
        ):
            monkeypatch.setattr(native, "multiplies_bfloat16", lambda device, fast=fast: fast)
            assert kernel.unsupported_reason(LstmCell(4), like) == message
    assert (
        kernel.unsupported_reason(LstmCell(4), like.half())
        == "it does not support torch.float16 on cpu"
    )


@pytest.mark.parametrize(
    ("compilers", "remedy"), [((), "install a C++ compiler, then: pip"), (("python",), "pip")]
)
def test_without_the_library_the_next_kernel_stands_in_and_the_reason_is_named(
    monkeypatch: pytest.MonkeyPatch,
    catalog: Catalog,
    tmp_path: Path,
    compilers: tuple[str, ...],
    remedy: str,
) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(library, "COMPILERS", compilers)
    build_error = tmp_path / "not_built.txt"
    build_error.write_text("there is no C++ compiler\n")
    monkeypatch.setattr(library, "LIBRARY", tmp_path / "native.so")
    monkeypatch.setattr(library, "BUILD_ERROR", build_error)
    native_library.cache_clear()
    try:
        run_config = resolve_run(catalog, "lstm-embed").run_config(backend="native")
        model = make_model(catalog, run_config, letters(3))
        backend = backend_of(model, batch_size=2)
        assert model(Batch(torch.zeros(2, 3).long())).logits.shape == (2, 3, 3)
    finally:
        native_library.cache_clear()
    message = "portable stands in, not native: not built (there is no C++ compiler); "
    assert backend.warning("native").startswith(message + remedy)


@built
def test_a_library_of_other_sources_is_refused_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(library, "VERSION", library.VERSION + 1)
    native_library.cache_clear()
    try:
        reason = native_library()
    finally:
        native_library.cache_clear()
    assert isinstance(reason, str)
    assert reason == (
        "not usable (it was compiled from other sources than those of this package); "
        "pip install --force-reinstall --no-deps zoo-kernels"
    )


def test_a_file_that_is_no_library_is_an_os_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "native.so").write_bytes(b"no library")
    with pytest.raises(OSError, match=r"native\.so"):
        NativeLibrary(tmp_path / "native.so")
