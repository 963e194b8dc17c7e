"""The calls for which the portable kernel pays, and the layers that ask it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.runtime.kernels.scan_cases import scan_case
from zoo_core.runtime.kernels import onednn as onednn_sizes
from zoo_core.runtime.kernels.onednn import PORTABLE_FP32
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.torch_layers import TorchKernel
from zoo_core.runtime.nn.kernel import AbstractKernel, ScanCase
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_gru.cell import GruCell
from zoo_lstm.cell import LstmCell

FEW_ROWS, FEW_SYMBOLS = PORTABLE_FP32.max_rows, PORTABLE_FP32.max_symbols
onednn = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch has no oneDNN")  # type: ignore[no-untyped-call]


class Noting(AbstractKernel):
    """A kernel that notes its name in a list and lets another one run."""

    def __init__(self, kernel: AbstractKernel, ran: list[str]) -> None:
        self.kernel, self.ran = kernel, ran
        self.name, self.prefers_tokens = kernel.name, kernel.prefers_tokens

    def unsupported_reason(self, cell: Any, like: torch.Tensor) -> str | None:
        return self.kernel.unsupported_reason(cell, like)

    def pays(self, case: ScanCase) -> bool:
        return self.kernel.pays(case)

    def scan(self, *arguments: Any, **options: Any) -> Any:
        self.ran.append(self.name)
        return self.kernel.scan(*arguments, **options)


def kernels_of(
    layer: Recurrent, inputs: torch.Tensor, lengths: torch.Tensor | None = None
) -> list[str]:
    """The names of the kernels that run a layer, in the order of its calls."""
    ran: list[str] = []
    chain = (PortableKernel(), TorchKernel(), ReferenceKernel())
    layer.kernels = tuple(Noting(kernel, ran) for kernel in chain)
    layer(inputs, None, lengths)
    return ran


def by_size(cell: Any, width: int = 3, **options: Any) -> Recurrent:
    """A layer that chooses its kernel by size, as with the backend auto."""
    layer = Recurrent(cell, width, **options)
    layer.chooses_by_size = True
    return layer


@onednn
def test_torch_runs_an_lstm_of_few_rows() -> None:
    assert kernels_of(by_size(LstmCell(4)), torch.zeros(FEW_ROWS, 2, 3)) == ["torch"]
    assert kernels_of(by_size(LstmCell(4)), torch.zeros(FEW_ROWS + 1, 2, 3)) == ["portable"]
    assert kernels_of(by_size(GruCell(4)), torch.zeros(5, 2, 3)) == ["portable"]


@onednn
def test_torch_runs_an_lstm_of_few_symbols() -> None:
    tokens = torch.zeros(5, 2, dtype=torch.int64)
    assert kernels_of(by_size(LstmCell(4), FEW_SYMBOLS), tokens) == ["torch"]
    # a layer above reads features, whatever the number of symbols
    stacked = by_size(LstmCell(4), FEW_SYMBOLS + 1, num_layers=2)
    assert kernels_of(stacked, tokens) == ["portable", "torch"]


@onednn
@pytest.mark.filterwarnings("ignore:TF32 acceleration")  # switching oneDNN off and on
def test_the_portable_kernel_runs_what_onednn_does_not_support() -> None:
    inputs = torch.zeros(5, 2, 3)
    lengths = torch.tensor([2, 1, 2, 1, 2])
    assert kernels_of(by_size(LstmCell(4)), inputs, lengths) == ["portable"]
    assert kernels_of(by_size(LstmCell(4)).double(), inputs.double()) == ["portable"]
    with torch.backends.mkldnn.flags(enabled=False):
        assert kernels_of(by_size(LstmCell(4)), inputs) == ["portable"]


@onednn
@pytest.mark.parametrize(("multiplies", "backend"), [(True, "torch"), (False, "portable")])
def test_torch_runs_an_lstm_in_bfloat16_where_onednn_multiplies_it(
    monkeypatch: pytest.MonkeyPatch, multiplies: bool, backend: str
) -> None:
    monkeypatch.setattr(onednn_sizes, "multiplies_bfloat16", lambda device: multiplies)
    case = scan_case(LstmCell(4), FEW_ROWS + 1, 2)._replace(
        symbols=FEW_SYMBOLS + 1, input_dtype=torch.int64, autocast=True
    )
    assert PortableKernel().pays(case) is (backend == "portable")
    assert PortableKernel().pays(case._replace(cell=GruCell(4)))
    assert PortableKernel().pays(case._replace(padded=True))  # which oneDNN does not take


def test_a_single_step_without_gradients_is_the_cells_own() -> None:
    layer = by_size(GruCell(4))
    with torch.no_grad():
        assert kernels_of(layer, torch.zeros(5, 1, 3)) == ["reference"]
        assert kernels_of(layer, torch.zeros(5, 2, 3)) == ["portable"]
        with torch.autocast("cpu", torch.bfloat16):  # which would round the cell's states
            assert kernels_of(layer, torch.zeros(5, 1, 3)) == ["portable"]
    assert kernels_of(layer, torch.zeros(5, 1, 3)) == ["portable"]


def test_a_kernel_that_is_chosen_by_name_runs_at_every_size() -> None:
    layer = Recurrent(LstmCell(4), 3)
    with torch.no_grad():
        assert kernels_of(layer, torch.zeros(1, 1, 3)) == ["portable"]
        assert kernels_of(layer, torch.zeros(5, 2, 3)) == ["portable"]
