"""What the portable kernel hands on to oneDNN, and what it does itself."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
import torch
from torch import Tensor

from zoo_core.runtime.kernels.portable import kernel as portable
from zoo_core.runtime.kernels.portable.kernel import FEW_ROWS, FEW_SYMBOLS, PortableKernel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_gru.cell import GruCell
from zoo_lstm.cell import LstmCell

HERE = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch has no oneDNN")  # type: ignore[no-untyped-call]


def handed_on(
    monkeypatch: pytest.MonkeyPatch,
    inputs: Tensor,
    *,
    width: int = 3,
    lengths: Tensor | None = None,
    dtype: torch.dtype = torch.float32,
    cell: LstmCell | GruCell | None = None,
) -> bool:
    """Whether torch's kernel was asked."""
    cell = cell or LstmCell(4)
    fused = Mock(wraps=portable.FUSED)
    monkeypatch.setattr(portable, "FUSED", fused)
    weights = Recurrent(cell, width).to(dtype).weights(0, 0)
    state = cell.initial_state(len(inputs), weights["weight_hh"])
    PortableKernel().scan(cell, weights, inputs, state, lengths=lengths, reverse=False)
    return bool(fused.scan.called)


@HERE
def test_an_lstm_of_few_rows_is_handed_on_and_no_other_cell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert handed_on(monkeypatch, torch.zeros(FEW_ROWS - 1, 2, 3))
    assert not handed_on(monkeypatch, torch.zeros(FEW_ROWS, 2, 3))
    assert not handed_on(monkeypatch, torch.zeros(5, 2, 3), cell=GruCell(4))


@HERE
def test_few_symbols_are_handed_on_as_one_hot_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = torch.zeros(5, 2, dtype=torch.int64)
    assert handed_on(monkeypatch, tokens, width=FEW_SYMBOLS - 1)
    assert not handed_on(monkeypatch, tokens, width=FEW_SYMBOLS)


@HERE
@pytest.mark.filterwarnings("ignore:TF32 acceleration")  # switching oneDNN off and on
def test_what_onednn_does_not_take_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = torch.zeros(5, 2, 3)
    assert not handed_on(monkeypatch, inputs, lengths=torch.tensor([2, 1, 2, 1, 2]))
    assert not handed_on(monkeypatch, inputs.double(), dtype=torch.float64)
    assert not handed_on(monkeypatch, inputs.double())
    with torch.autocast("cpu", torch.bfloat16):
        assert not handed_on(monkeypatch, inputs)
    with torch.backends.mkldnn.flags(enabled=False):
        assert not handed_on(monkeypatch, inputs)
