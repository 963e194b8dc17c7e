"""The native scan of linear recurrences, at every level of instructions, against a plain loop."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice, product
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from tests.runtime.building.sharpened import letters, sharpened
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.building.build import make_model
from zoo_core.runtime.building.kernel_choice import backend_of
from zoo_core.runtime.generation.generate import generate
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.nn import Batch, ReferenceKernel
from zoo_kernels.kernel import NativeKernel
from zoo_kernels.library import LEVEL, native_library
from zoo_kernels.linear_scan import NativeScan
from zoo_linear.configs import MinimalConfig
from zoo_linear.minimal import MinGruCell
from zoo_linear.models import min_gru
from zoo_linear.scan import linear_scan

BUILT = native_library()
pytestmark = pytest.mark.skipif(isinstance(BUILT, str), reason=f"the library is not built: {BUILT}")
LEVELS = [] if isinstance(BUILT, str) else BUILT.levels[: BUILT.best + 1]
TOLERANCE = {
    torch.float32: 1e-5,
    torch.float64: 1e-13,
    torch.complex64: 1e-5,
    torch.complex128: 1e-13,
}
EXACT = [torch.float64, torch.complex128]
SIZES = [(1, 1, 1), (3, 5, 7), (2, 9, 33), (5, 3, 130)]


class Case(NamedTuple):
    """The arguments of a scan, whose gradients are asked for, and its marks."""

    decay: Tensor
    added: Tensor
    initial: Tensor
    starts: Tensor | None = None
    lengths: Tensor | None = None
    reverse: bool = False

    @property
    def marks(self) -> dict[str, Any]:
        return {"starts": self.starts, "lengths": self.lengths, "reverse": self.reverse}


def case(
    size: tuple[int, int, int],
    dtype: torch.dtype,
    *,
    marked: bool = False,
    reverse: bool = False,
    constant: bool = False,
) -> Case:
    """Random arguments, the same each time; with ``constant``, one decay for all steps."""
    rows, steps, width = size
    torch.manual_seed(0)
    return Case(
        (0.7 * torch.randn((width,) if constant else size, dtype=dtype)).requires_grad_(),
        torch.randn(size, dtype=dtype, requires_grad=True),
        torch.randn(rows, width, dtype=dtype, requires_grad=True),
        torch.rand(rows, steps) < 0.3 if marked else None,
        torch.randint(1, steps + 1, (rows,)) if marked else None,
        reverse,
    )


def native() -> NativeScan:
    assert not isinstance(BUILT, str), "the tests are skipped without a library"
    return NativeScan(BUILT)


def loop(
    decay: Tensor,
    added: Tensor,
    initial: Tensor,
    *,
    starts: Tensor | None,
    lengths: Tensor | None,
    reverse: bool,
) -> Tensor:
    """The recurrence step by step."""
    decay = decay.expand_as(added)
    states, state = list(added.unbind(1)), initial
    for t in reversed(range(len(states))) if reverse else range(len(states)):
        before = state
        if starts is not None:
            before = torch.where(starts[:, t, None], 0, state)
        after = decay[:, t] * before + added[:, t]
        state = after if lengths is None else torch.where((t < lengths)[:, None], after, state)
        states[t] = state
    return torch.stack(states, dim=1)


def answer(scan: Callable[..., Tensor], example: Case) -> list[Tensor]:
    """The states and the gradients of decay, added and initial."""
    arguments = example[:3]
    states = scan(*arguments, **example.marks)
    wide_dtype = torch.complex128 if states.is_complex() else torch.float64
    torch.manual_seed(1)
    gradient = torch.randn(states.shape, dtype=wide_dtype).to(states.dtype)
    return [states, *torch.autograd.grad(states, arguments, gradient)]


def wide(example: Case) -> Case:
    """The same arguments in double precision."""
    dtype = torch.complex128 if example.added.is_complex() else torch.float64
    decay, added, initial = (tensor.detach().to(dtype).requires_grad_() for tensor in example[:3])
    return example._replace(decay=decay, added=added, initial=initial)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_every_level_gives_what_the_loop_gives(
    monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype
) -> None:
    for size, (marked, reverse, constant) in product(SIZES, product([False, True], repeat=3)):
        example = case(size, dtype, marked=marked, reverse=reverse, constant=constant)
        expected = answer(loop, wide(example))
        for level in LEVELS:
            monkeypatch.setenv(LEVEL, level)
            for name, result, right in zip(
                ("states", "decay", "added", "initial"),
                answer(native(), example),
                expected,
                strict=True,
            ):
                difference = (result - right).abs() / (1 + right.abs())
                message = f"{name} at level {level}, size {size}, {example.marks}"
                assert difference.max() < TOLERANCE[dtype], message


@pytest.mark.parametrize("dtype", EXACT, ids=str)
def test_the_chunked_scan_in_plain_torch_gives_the_same(dtype: torch.dtype) -> None:
    example = case((3, 50, 5), dtype)

    def chunked(*arguments: Tensor, **_: object) -> Tensor:
        return linear_scan(*arguments)

    for expected, actual in zip(answer(chunked, example), answer(native(), example), strict=True):
        assert ((expected - actual).abs() / (1 + expected.abs())).max() < 1e-11


@pytest.mark.parametrize("dtype", EXACT, ids=str)
def test_gradients_are_those_of_small_differences_and_have_gradients(dtype: torch.dtype) -> None:
    for marked, reverse, constant in product([False, True], repeat=3):
        example = case((2, 4, 2), dtype, marked=marked, reverse=reverse, constant=constant)

        def scan(decay: Tensor, added: Tensor, initial: Tensor, example: Case = example) -> Tensor:
            return native()(decay, added, initial, **example.marks)

        assert torch.autograd.gradcheck(scan, example[:3], fast_mode=True)
        assert torch.autograd.gradgradcheck(scan, example[:3], fast_mode=True)


LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "columns-first": lambda x: x.mT.contiguous().mT,
    "time-first": lambda x: x.transpose(0, 1).contiguous().transpose(0, 1),
    "part-of-a-wider-tensor": lambda x: torch.cat([x, x], dim=2).chunk(2, dim=2)[1],
    "every-second-column": lambda x: torch.stack([x, x], dim=3).flatten(2)[:, :, ::2],
    "conjugate-view": lambda x: x.conj().resolve_conj().conj(),
    "negative-view": lambda x: torch.complex(x, -x).conj().imag if not x.is_complex() else x,
}


@pytest.mark.parametrize("dtype", EXACT, ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_of_tensors_changes_no_bit(layout: str, dtype: torch.dtype) -> None:
    example, laid_out = case((3, 5, 7), dtype), LAYOUTS[layout]
    gradient = torch.randn(3, 5, 7, dtype=dtype)
    states = native()(*example[:3])
    expected = [states, *torch.autograd.grad(states, example[:3], gradient)]
    states = native()(laid_out(example.decay), laid_out(example.added), example.initial)
    actual = [states, *torch.autograd.grad(states, example[:3], laid_out(gradient))]
    for one, other in zip(expected, actual, strict=True):
        assert torch.equal(one, other)


def test_the_gradient_of_a_sum_which_is_one_number_repeated() -> None:
    example = case((2, 3, 5), torch.float64)
    (gradient,) = torch.autograd.grad(native()(*example[:3]).sum(), example.added)
    (expected,) = torch.autograd.grad(loop(*example[:3], **example.marks).sum(), example.added)
    assert (gradient - expected).abs().max() < 1e-13


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_threads_and_other_rows_change_no_bit(dtype: torch.dtype) -> None:
    """Sizes are enough work for several threads, which divide rows, columns or both."""
    for size, constant in product([(7, 30, 290), (1, 50, 1100), (50, 30, 33)], [False, True]):
        example = case(size, dtype, marked=True, constant=constant)
        torch.set_num_threads(1)
        expected = answer(native(), example)
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            for one, several in zip(expected, answer(native(), example), strict=True):
                assert torch.equal(one, several), (size, threads)
        assert example.starts is not None
        assert example.lengths is not None
        last = native()(
            example.decay if constant else example.decay[-1:],
            example.added[-1:],
            example.initial[-1:],
            starts=example.starts[-1:],
            lengths=example.lengths[-1:],
        )
        assert torch.equal(last, expected[0][-1:])


@pytest.mark.parametrize("size", [(0, 3, 4), (2, 0, 4), (2, 3, 0)], ids=str)
def test_sizes_of_zero_give_empty_states_and_gradients_of_zero(size: tuple[int, int, int]) -> None:
    example = case(size, torch.float64)
    states = native()(*example[:3])
    assert states.shape == size
    gradients = torch.autograd.grad(states.sum(), example[:3])
    assert [gradient.shape for gradient in gradients] == [tensor.shape for tensor in example[:3]]
    assert not any(gradient.any() for gradient in gradients)


def test_a_start_forgets_a_state_that_is_not_finite() -> None:
    added = torch.zeros(1, 9, 3)
    added[0, 2], starts = torch.inf, torch.zeros(1, 9, dtype=torch.bool)
    starts[0, 5] = True
    states = native()(torch.full((1, 9, 3), 0.5), added, torch.zeros(1, 3), starts=starts)
    assert not states[0, [0, 1, 5, 6, 7, 8]].any()
    assert states[0, 2:5].isinf().all()


def test_numbers_in_bfloat16_are_scanned_in_float32() -> None:
    decay, added = (torch.rand(2, 5, 3).bfloat16() for _ in range(2))
    states = native()(decay, added, torch.zeros(2, 3))
    assert states.dtype == torch.float32
    assert torch.equal(states, native()(decay.float(), added.float(), torch.zeros(2, 3)))


@pytest.mark.parametrize(
    ("backend", "expected"), {"auto": "native", "linear-scan": "linear-scan"}.items()
)
def test_native_is_the_first_choice_for_linear_cells(
    catalog: Catalog, backend: str, expected: str
) -> None:
    run_config = resolve_run(catalog, "mingru.hello").run_config(backend=backend)
    model = make_model(catalog, run_config, letters(3))
    assert backend_of(model, batch_size=8).name == expected


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_weights_in_half_precision_are_not_supported(dtype: torch.dtype) -> None:
    reason = NativeKernel().unsupported_reason(MinGruCell(4), torch.zeros(1, dtype=dtype))
    assert reason == f"it does not support {dtype} on cpu"


def test_the_text_of_a_linear_model_is_that_of_the_reference() -> None:
    config = MinimalConfig(hidden_size=19, embedding_size=5, num_layers=2)
    model, texts = sharpened(lambda: min_gru(config, letters(11))), []
    for kernel in (NativeKernel(), ReferenceKernel()):
        model.recurrent.kernels = (kernel,)
        prompt = Batch(torch.tensor([[1, 2, 3]]))
        texts.append(list(islice(generate(model, prompt, Sampler(temperature=0)), 50)))
    assert texts[0] == texts[1]


def test_lengths_of_fewer_bits_are_those_of_64() -> None:
    example = case((5, 9, 3), torch.float64, marked=True)
    assert example.lengths is not None
    short = example._replace(lengths=example.lengths.int())
    for expected, actual in zip(answer(native(), example), answer(native(), short), strict=True):
        assert torch.equal(expected, actual)
