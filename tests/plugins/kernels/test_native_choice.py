"""The backend that auto takes at every size of the table of measurements, without that processor.

The measured speeds are those in the docstring of ``zoo_core.runtime.kernels.onednn``.
"""

from __future__ import annotations

import itertools
import re
from typing import Any, NamedTuple
from unittest.mock import MagicMock

import pytest
import torch

from zoo_core.runtime.kernels import onednn, torch_layers
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.torch_layers import TorchKernel
from zoo_core.runtime.nn.kernel import ScanCase
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_gru.cell import GruCell
from zoo_kernels import kernel
from zoo_kernels.kernel import NativeKernel
from zoo_kernels.library import LEVEL, NativeLibrary, native_library
from zoo_lstm.cell import LstmCell
from zoo_rnn.cell import RnnCell

MAX_LOST = 0.05
CELLS: dict[str, Any] = {"rnn": RnnCell, "lstm": LstmCell, "gru": GruCell}
LEVELS = ["baseline", "avx2", "avx512", "avx512_bf16", "amx_bf16"]
ROW = re.compile(
    r"^\| (?P<cell>\w+) (?P<sizes>[^|]*)\| (?P<level>\w+) (?P<precision>\w+) "
    r"\| (?P<torch>[\d.]+) \| (?P<portable>[\d.]+) \| (?P<native>[\d.]+) \|$",
    re.MULTILINE,
)


class Measured(NamedTuple):
    """A row of the table: what was measured, and thousand tokens per second by backend."""

    text: str
    cell: str
    rows: int
    steps: int
    width: int
    level: str
    bf16: bool
    trains: bool
    speeds: dict[str, float]


def measured() -> list[Measured]:
    rows = []
    for match in ROW.finditer(onednn.__doc__ or ""):
        sizes = {key: int(value) for key, value in re.findall(r"([BTH]) (\d+)", match["sizes"])}
        speeds = {name: float(match[name]) for name in ("torch", "portable", "native")}
        bf16, trains = match["precision"] == "bf16", "evaluation" not in match["sizes"]
        text = f"{match['cell']} {match['sizes']}{match['level']} {match['precision']}"
        values = (match["cell"], sizes["B"], sizes["T"], sizes["H"], match["level"], bf16, trains)
        rows.append(Measured(text, *values, speeds))
    return rows


def backend(monkeypatch: pytest.MonkeyPatch, row: Measured) -> str:
    """The kernel that auto takes on a processor with a level of instructions."""
    library = MagicMock(  # the choice calls no function of it
        levels=LEVELS,
        level=LEVELS.index(row.level),
        multiplies_bfloat16="bf16" in row.level,
    )
    monkeypatch.setattr(kernel, "native_library", lambda: library)
    for module in (kernel, onednn, torch_layers):
        monkeypatch.setattr(module, "multiplies_bfloat16", lambda device: "bf16" in row.level)
    layer = Recurrent(CELLS[row.cell](row.width), 28)
    layer.kernels = (NativeKernel(), PortableKernel(), TorchKernel(), ReferenceKernel())
    layer.chooses_by_size = True
    case = ScanCase(
        cell=layer.cell,
        batch_size=row.rows,
        steps=row.steps,
        symbols=28,
        padded=False,
        dtype=torch.float32,
        input_dtype=torch.int64,
        device="cpu",
        needs_grad=row.trains,
        autocast=row.bf16,
    )
    with torch.autocast("cpu", torch.bfloat16, enabled=row.bf16):
        return layer.kernel_for(case).name


@pytest.mark.parametrize("row", measured(), ids=lambda row: row.text)
def test_auto_is_within_5_percent_of_the_fastest_backend_at_every_measured_size(
    monkeypatch: pytest.MonkeyPatch, row: Measured
) -> None:
    lost = 1 - row.speeds[backend(monkeypatch, row)] / max(row.speeds.values())
    assert lost <= MAX_LOST


@pytest.mark.parametrize("level", ["baseline", "avx2", "amx_bf16"])
def test_what_native_does_not_support_takes_the_next_best_and_not_the_next_in_order(
    monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    rows = [row for row in measured() if row.level == level and "bidirectional" not in row.text]
    monkeypatch.setattr(NativeKernel, "unsupported_reason", lambda *_: "not here")
    for row in rows:
        others = {name: speed for name, speed in row.speeds.items() if name != "native"}
        assert others[backend(monkeypatch, row)] >= (1 - MAX_LOST) * max(others.values()), row.text


def test_the_table_has_every_level_of_the_thresholds() -> None:
    seen = {(row.level, row.bf16) for row in measured()}
    with_bf16 = {(level, bf16) for level in ("avx512_bf16", "amx_bf16") for bf16 in (False, True)}
    assert seen >= {("baseline", False), ("avx2", False)} | with_bf16


def test_evaluations_of_few_rows_in_bfloat16_take_torch_with_avx512_and_without_amx(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    speeds = {"torch": 1.0, "portable": 0.5, "native": 0.92}
    for rows, bf16, trains in itertools.product((1, 32, 512), (False, True), (False, True)):
        row = Measured("", "lstm", rows, 35, 512, "avx512_bf16", bf16, trains, speeds)
        expected = "torch" if bf16 and not trains and rows < 64 else "native"
        assert backend(monkeypatch, row) == expected, row


@pytest.mark.parametrize(
    ("rows", "expected"), [(1, "reference"), (64, "reference"), (512, "native")]
)
def test_one_step_of_few_rows_without_gradients_is_the_cells_own(
    monkeypatch: pytest.MonkeyPatch, rows: int, expected: str
) -> None:
    for cell, level in itertools.product(CELLS, ("avx2", "avx512", "amx_bf16")):
        row = Measured("", cell, rows, 1, 64, level, False, False, {})
        assert backend(monkeypatch, row) == expected
        assert backend(monkeypatch, row._replace(trains=True)) == "native"
        assert backend(monkeypatch, row._replace(steps=2)) == "native"


@pytest.mark.skipif(isinstance(native_library(), str), reason="the library is not built")
def test_a_level_that_the_processor_lacks_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    library = native_library()
    assert isinstance(library, NativeLibrary)
    monkeypatch.setattr(library, "best", 0)
    monkeypatch.setenv(LEVEL, library.levels[-1])
    assert library.level == 0
