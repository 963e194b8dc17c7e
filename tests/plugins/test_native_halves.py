"""Products in bfloat16, with the instructions that this processor may lack emulated by loops.

The library is compiled anew for it, with registers of 64 bytes in several smaller ones.
"""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.plugins.compiling import EMULATE, EMULATED, compile_native
from tests.plugins.test_native import answer
from zoo_core.runtime.kernels import autograd as recurrence
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.schedule import TimeSchedule
from zoo_gru.cell import GruCell
from zoo_kernels import kernel
from zoo_kernels.kernel import NativeKernel
from zoo_kernels.library import LEVEL, NativeLibrary
from zoo_kernels.passes import NativePasses
from zoo_lstm.cell import LstmCell
from zoo_rnn.cell import RnnCell

HALVES = ("avx512_bf16", "amx_bf16")
CELLS = {"rnn-tanh": RnnCell, "lstm": LstmCell, "gru": GruCell}
HOWS: list[dict[str, Any]] = [{}, {"padded": True, "reverse": True}]
SIZES = [(1, 1, 1), (3, 5, 7), (2, 9, 33), (50, 3, 20), (7, 4, 130), (70, 2, 64)]
pytestmark = pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler")
every_level = pytest.mark.parametrize("level", HALVES)
every_cell = pytest.mark.parametrize("make", CELLS.values(), ids=CELLS)
every_size = pytest.mark.parametrize("size", SIZES, ids=str)


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> NativeLibrary:
    """The library with every level there."""
    folder = tmp_path_factory.mktemp("emulated")
    return NativeLibrary(compile_native(folder, "native.so", [EMULATE, "-O1"], levels=EMULATED))


@pytest.fixture
def library(emulated: NativeLibrary, monkeypatch: pytest.MonkeyPatch) -> NativeLibrary:
    """The same in the place of the installed one, on a processor that multiplies in bfloat16."""
    monkeypatch.setattr(kernel, "native_library", lambda: emulated)
    for module in (kernel, recurrence):
        monkeypatch.setattr(module, "multiplies_bfloat16", lambda device: True)
    return emulated


def rounded(x: Tensor) -> Tensor:
    return x.bfloat16().float()


def off(found: list[Tensor], expected: list[Tensor]) -> float:
    """The largest distance relative to the length of what is expected."""
    pairs = ((a.detach(), b.detach()) for a, b in zip(found, expected, strict=True))
    return max(float((a - b).norm() / b.norm().clamp(min=1e-6)) for a, b in pairs)


@every_cell
@every_size
def test_registers_of_64_bytes_give_what_the_portable_kernel_gives(
    library: NativeLibrary, monkeypatch: pytest.MonkeyPatch, make: Any, size: tuple[int, int, int]
) -> None:
    monkeypatch.setenv(LEVEL, "avx512")
    for how in HOWS:
        expected = answer(PortableKernel(), make(size[2]), size, **how)
        found = answer(NativeKernel(), make(size[2]), size, **how)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@every_level
@every_cell
@every_size
def test_bfloat16_is_near_full_precision_and_not_the_same(
    library: NativeLibrary,
    monkeypatch: pytest.MonkeyPatch,
    level: str,
    make: Any,
    size: tuple[int, int, int],
) -> None:
    monkeypatch.setenv(LEVEL, level)
    for how in HOWS:
        expected = answer(PortableKernel(), make(size[2]), size, **how)
        with torch.autocast("cpu", torch.bfloat16):
            assert NativeKernel().unsupported_reason(make(size[2]), torch.zeros(1)) is None
            found = answer(NativeKernel(), make(size[2]), size, **how)
        assert 1e-5 < off(found, expected) < 2e-2


@every_cell
@every_size
def test_tiles_give_what_pairs_give(
    library: NativeLibrary, monkeypatch: pytest.MonkeyPatch, make: Any, size: tuple[int, int, int]
) -> None:
    answers = []
    for level in HALVES:
        monkeypatch.setenv(LEVEL, level)
        with torch.autocast("cpu", torch.bfloat16):
            answers.append(answer(NativeKernel(), make(size[2]), size, padded=True))
    assert off(*answers) < 2e-3  # a sum that differs in its last bits may round to the next half


@every_level
@pytest.mark.parametrize("cell", ["rnn-tanh", "lstm", "gru"])
@every_size
def test_a_step_multiplies_rounded_numbers_and_sums_them_in_full(
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
    if cell == "gru":  # whose state also passes the weight by, unrounded
        start = rounded(start)
    outcomes = []
    for name, w, h in ((level, weight, start), ("avx512", rounded(weight), rounded(start))):
        monkeypatch.setenv(LEVEL, name)
        passes = NativePasses(library, cell)
        given = w.bfloat16() if name == level else w
        states = [schedule.state_buffer(h), schedule.state_buffer(torch.ones(rows, width))][
            : 2 if cell == "lstm" else 1
        ]
        saved = passes.forward(schedule, torch.zeros(1, rows, len(w)), given, None, tuple(states))
        down = [torch.zeros(2, rows, width), torch.ones(rows, width)][: len(states)]
        down[0][1] = 1
        back = passes.backward(schedule, given, tuple(states), saved, tuple(down))
        outcomes.append(torch.cat([each[1] for each in states]))
        if cell == "gru":  # part of whose gradient passes the weight by
            continue
        torch.testing.assert_close(
            down[0][0],
            (rounded(back.projected[0]) if name == level else back.projected[0]) @ rounded(weight),
            rtol=1e-4,
            atol=1e-5,
        )
    torch.testing.assert_close(*outcomes, rtol=1e-5, atol=1e-5)


@every_cell
@every_level
@pytest.mark.parametrize("rows", [150, 5], ids=["by-rows", "by-columns"])
def test_threads_change_no_bit(
    library: NativeLibrary, monkeypatch: pytest.MonkeyPatch, level: str, make: Any, rows: int
) -> None:
    monkeypatch.setenv(LEVEL, level)
    with torch.autocast("cpu", torch.bfloat16):
        alone = answer(NativeKernel(), make(240), (rows, 4, 240))
        torch.set_num_threads(2)
        assert torch.equal(answer(NativeKernel(), make(240), (rows, 4, 240))[0], alone[0])


def test_without_instructions_for_it_another_backend_takes_bfloat16(
    library: NativeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LEVEL, "avx512")
    with torch.autocast("cpu", torch.bfloat16):
        said = NativeKernel().unsupported_reason(LstmCell(4), torch.zeros(1))
    assert said == "with avx512 its products are in full precision"
