"""Products in bfloat16, with the instructions that this processor may lack emulated by loops.

The library is compiled for it, with vectors of 64 bytes made of several smaller ones.
"""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.plugins.kernels.compiling import EMULATE, EMULATED, compile_native
from tests.plugins.kernels.test_native import answer
from tests.plugins.kernels.test_native_small_step import (
    OPTIMIZERS,
    make_step,
    numbers_of,
    takes_whole_steps,
)
from tests.plugins.kernels.test_native_tokens import answer as answer_tokens
from tests.runtime.training.small_steps import MODELS, batches, train
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.kernels import autograd
from zoo_core.runtime.kernels.cell_passes import ResultGradients
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.schedule import TimeSchedule
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_gru.cell import GruCell
from zoo_kernels import kernel
from zoo_kernels.kernel import NativeKernel
from zoo_kernels.library import LEVEL, NativeLibrary
from zoo_kernels.passes import NativePasses
from zoo_lstm.cell import LstmCell
from zoo_rnn.cell import RnnCell

BF16_LEVELS = ("avx512_bf16", "amx_bf16")
CELLS = {"rnn-tanh": RnnCell, "lstm": LstmCell, "gru": GruCell}
OPTIONS: list[dict[str, Any]] = [{}, {"padded": True, "reverse": True}]
SIZES = [(1, 1, 1), (3, 5, 7), (2, 9, 33), (50, 3, 20), (7, 4, 130), (70, 2, 64)]
pytestmark = [
    pytest.mark.gate,
    pytest.mark.xdist_group("native-bf16"),  # so that the library is compiled once
    pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler"),
]
every_level = pytest.mark.parametrize("level", BF16_LEVELS)
every_cell = pytest.mark.parametrize("make", CELLS.values(), ids=CELLS)


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> NativeLibrary:
    """The library with every level, on any processor.

    Without optimization it is compiled in a fifth of the time, and its small sizes are still fast.
    """
    folder = tmp_path_factory.mktemp("emulated")
    return NativeLibrary(compile_native(folder, "native.so", [EMULATE, "-O0"], levels=EMULATED))


@pytest.fixture
def library(emulated: NativeLibrary, monkeypatch: pytest.MonkeyPatch) -> NativeLibrary:
    """The emulated library in place of the installed one, as on a processor with bfloat16."""
    monkeypatch.setattr(kernel, "native_library", lambda: emulated)
    for module in (kernel, autograd):
        monkeypatch.setattr(module, "multiplies_bfloat16", lambda device: True)
    return emulated


def rounded(x: Tensor) -> Tensor:
    return x.bfloat16().float()


def relative_distance(actual: list[Tensor], expected: list[Tensor]) -> float:
    """The largest distance of two tensors, relative to the norm of the expected one."""
    pairs = ((a.detach(), b.detach()) for a, b in zip(actual, expected, strict=True))
    return max(float((a - b).norm() / b.norm().clamp(min=1e-6)) for a, b in pairs)


@every_cell
def test_vectors_of_64_bytes_give_what_the_portable_kernel_gives(
    library: NativeLibrary, monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    monkeypatch.setenv(LEVEL, "avx512")
    for size in SIZES:
        for options in OPTIONS:
            expected = answer(PortableKernel(), make(size[2]), size, **options)
            actual = answer(NativeKernel(), make(size[2]), size, **options)
            torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-5)


@every_level
@every_cell
def test_bfloat16_is_near_full_precision_and_not_the_same(
    library: NativeLibrary, monkeypatch: pytest.MonkeyPatch, level: str, make: Any
) -> None:
    monkeypatch.setenv(LEVEL, level)
    for size in SIZES:
        for options in OPTIONS:
            expected = answer(PortableKernel(), make(size[2]), size, **options)
            with torch.autocast("cpu", torch.bfloat16):
                assert NativeKernel().unsupported_reason(make(size[2]), torch.zeros(1)) is None
                actual = answer(NativeKernel(), make(size[2]), size, **options)
            assert 1e-5 < relative_distance(actual, expected) < 2e-2, (size, options)


@pytest.mark.parametrize("level", ["avx512", *BF16_LEVELS])
@every_cell
def test_tokens_give_what_the_portable_kernel_gives(
    library: NativeLibrary, monkeypatch: pytest.MonkeyPatch, level: str, make: Any
) -> None:
    monkeypatch.setenv(LEVEL, level)
    for size in ((1, 3, 1, 1), (3, 5, 2, 7), (50, 3, 5, 20), (7, 4, 4, 130)):
        for padded in (False, True):
            options: dict[str, Any] = {"padded": padded, "reverse": padded}
            expected = answer_tokens(PortableKernel(), make(size[3]), size, **options)
            with torch.autocast("cpu", torch.bfloat16, enabled=level != "avx512"):
                actual = answer_tokens(NativeKernel(), make(size[3]), size, **options)
            limit = 1e-5 if level == "avx512" else 2e-2
            assert relative_distance(actual, expected) < limit, (size, options)


@every_cell
def test_tiles_give_what_vectors_of_pairs_give(
    library: NativeLibrary, monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    for size in SIZES:
        answers = []
        for level in BF16_LEVELS:
            monkeypatch.setenv(LEVEL, level)
            with torch.autocast("cpu", torch.bfloat16):
                answers.append(answer(NativeKernel(), make(size[2]), size, padded=True))
        # sums that differ in their last bits may round to different numbers in bfloat16
        assert relative_distance(*answers) < 2e-3, size


@every_level
@pytest.mark.parametrize("cell", ["rnn-tanh", "lstm", "gru"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_step_multiplies_rounded_numbers_and_sums_them_in_float32(
    library: NativeLibrary,
    monkeypatch: pytest.MonkeyPatch,
    level: str,
    cell: str,
    size: tuple[int, int, int],
) -> None:
    rows, _, width = size
    torch.manual_seed(0)
    gates = {"rnn-tanh": 1, "lstm": 4, "gru": 3}[cell]
    weight = torch.randn(gates * width, width).div(width**0.5)
    start, schedule = torch.randn(rows, width), TimeSchedule(1)
    if cell == "gru":  # its state is also used unrounded, beside the product
        start = rounded(start)
    outcomes = []
    for name, w, h in ((level, weight, start), ("avx512", rounded(weight), rounded(start))):
        monkeypatch.setenv(LEVEL, name)
        passes = NativePasses(library, cell)
        weight_hh = w.bfloat16() if name == level else w
        states = [schedule.state_buffer(h)]
        grads = ResultGradients(None, (torch.ones(rows, width),))
        if cell == "lstm":
            states.append(schedule.state_buffer(torch.ones(rows, width)))
            grads = ResultGradients(torch.ones(1, rows, width), (None, torch.ones(rows, width)))
        projected = torch.zeros(1, rows, len(w))
        saved = passes.forward(schedule, projected, weight_hh, None, tuple(states))
        gradients = passes.backward(schedule, weight_hh, tuple(states), saved, grads)
        outcomes.append(torch.cat([state[1] for state in states]))
        if cell == "gru":  # part of its gradient does not pass the weight
            continue
        d_gates = gradients.projected[0]
        if name == level:
            d_gates = rounded(d_gates)
        expected = d_gates @ rounded(weight)
        torch.testing.assert_close(gradients.initial_state[0], expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(*outcomes, rtol=1e-5, atol=1e-5)


@every_cell
@every_level
def test_threads_change_no_bit(
    library: NativeLibrary, monkeypatch: pytest.MonkeyPatch, level: str, make: Any
) -> None:
    monkeypatch.setenv(LEVEL, level)
    for rows in (150, 145, 131, 5):  # divided by rows, with and without rows left over; by columns
        with torch.autocast("cpu", torch.bfloat16):
            torch.set_num_threads(1)
            one_thread = answer(NativeKernel(), make(240), (rows, 2, 240), backward=False)
            torch.set_num_threads(2)
            two_threads = answer(NativeKernel(), make(240), (rows, 2, 240), backward=False)
        assert torch.equal(*two_threads, *one_thread), rows


@every_cell
def test_what_the_steps_round_for_the_gradients_is_what_torch_rounds(
    library: NativeLibrary, monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    for level in BF16_LEVELS:
        monkeypatch.setenv(LEVEL, level)
        for options in OPTIONS:
            answers = []
            for keeps_rounded in (True, False):
                with pytest.MonkeyPatch.context() as patch:
                    if not keeps_rounded:
                        patch.setattr(NativePasses, "_rounded", lambda *_: ())
                    with torch.autocast("cpu", torch.bfloat16):
                        features = answer(NativeKernel(), make(33), (5, 4, 33), **options)
                        tokens = answer_tokens(NativeKernel(), make(33), (5, 4, 2, 33), **options)
                answers.append([*features, *tokens])
            assert all(map(torch.equal, *answers)), (level, options)


@pytest.mark.parametrize("grad", [False, True], ids=["evaluation", "training"])
def test_only_what_may_get_gradients_keeps_rounded_states(
    library: NativeLibrary, monkeypatch: pytest.MonkeyPatch, grad: bool
) -> None:
    asked: list[bool] = []

    def record(_: NativePasses, schedule: TimeSchedule, *__: Any) -> tuple[Tensor, ...]:
        asked.append(schedule.needs_grad)
        return ()

    monkeypatch.setattr(NativePasses, "_rounded", record)
    with torch.autocast("cpu", torch.bfloat16), torch.set_grad_enabled(grad):
        weights = Recurrent(LstmCell(4), 3).weights(0, 0)
        start = LstmCell(4).initial_state(2, weights["weight_hh"])
        options: dict[str, Any] = {"lengths": None, "reverse": False}
        NativeKernel().scan(LstmCell(4), weights, torch.randn(2, 3, 3), start, **options)
    assert asked == [True] * grad


def test_without_instructions_for_it_another_backend_takes_bfloat16(
    library: NativeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LEVEL, "avx512")
    with torch.autocast("cpu", torch.bfloat16):
        reason = NativeKernel().unsupported_reason(LstmCell(4), torch.zeros(1))
    assert reason == "with avx512 its products are in full precision"


@every_level
@pytest.mark.parametrize("rows_and_steps", [(3, 4), (1, 5), (1, 1), (20, 1)], ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_a_whole_step_rounds_what_the_ordinary_one_rounds(
    library: NativeLibrary,
    monkeypatch: pytest.MonkeyPatch,
    catalog: Catalog,
    level: str,
    rows_and_steps: tuple[int, int],
    name: str,
) -> None:
    monkeypatch.setenv(LEVEL, level)
    data = batches(*rows_and_steps)
    numbers = []
    for own, precision in ((False, "bf16"), (True, "bf16"), (False, "fp32")):
        step = make_step(
            catalog, name, whole=own, dtype=torch.float32, precision=precision, optimizer="SGD"
        )
        numbers.append(numbers_of(step, train(step, data)))
        assert takes_whole_steps(step) is own
    ordinary, whole, full = numbers
    distance = relative_distance(whole, ordinary)
    if 1 in rows_and_steps:
        # sums that differ in their last bits may round to different numbers in bfloat16
        assert distance < 1e-3 < relative_distance(full, ordinary)
    else:  # torch's output layer rounds before it adds the bias, where rows lie apart in memory
        assert distance < 1e-2


@pytest.mark.parametrize("settings", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_whole_steps_repeat_and_take_every_optimizer(
    library: NativeLibrary, catalog: Catalog, settings: dict[str, Any]
) -> None:
    answers = []
    for _ in range(2):
        step = make_step(catalog, dtype=torch.float32, precision="bf16", **settings)
        results = train(step, batches(3, 5))
        assert takes_whole_steps(step)
        assert results[-1].output.logits.dtype == torch.bfloat16
        answers.append(numbers_of(step, results))
    assert all(map(torch.equal, *answers))


@pytest.mark.parametrize("rounds", [True, False])
def test_where_the_layers_round_differently_no_whole_step_is_taken(
    library: NativeLibrary, monkeypatch: pytest.MonkeyPatch, catalog: Catalog, rounds: bool
) -> None:
    if rounds:
        monkeypatch.setenv(LEVEL, "avx512")  # the steps are in full precision
    else:
        monkeypatch.setattr(kernel, "multiplies_bfloat16", lambda device: False)
    step = make_step(catalog, dtype=torch.float32, precision="bf16")
    train(step, batches(3, 5))
    assert not takes_whole_steps(step)
