"""Reading out: the output layer over steps that may lie first in memory."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from zoo_core import Signature, Tokens
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.torch_layers import TorchKernel
from zoo_core.runtime.nn import model as models
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import RecurrentModel
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.testing.exporting import Plain
from zoo_gru.configs import GruStackedConfig
from zoo_gru.models import gru_stacked

V, H = 5, 6


def model() -> RecurrentModel:
    """In double precision, the same each time."""
    torch.manual_seed(0)
    signature = Signature(inputs=Tokens(V), classes=V, per="step")
    return gru_stacked(GruStackedConfig(hidden_size=H), signature).double()


def answer(many: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Tensor, list[Tensor]]:
    """Logits and gradients where so many numbers repay turning their axes."""
    monkeypatch.setattr(models, "MIN_NUMBERS_FOR_TIME_MAJOR", many)
    made = model()
    made.recurrent.kernels = (PortableKernel(),)
    torch.manual_seed(1)
    logits = made(Batch(torch.randint(V, (3, 4)))).logits
    loss = (logits * torch.arange(logits.numel()).view_as(logits).cos()).sum()
    return logits, list(torch.autograd.grad(loss, list(made.parameters())))


def test_turned_or_not_logits_and_gradients_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    as_it_lies, turned = answer(1 << 60, monkeypatch), answer(1, monkeypatch)
    assert as_it_lies[0].is_contiguous()
    assert not turned[0].is_contiguous()
    torch.testing.assert_close(turned, as_it_lies, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kernel", [TorchKernel(), ReferenceKernel()], ids=["torch", "reference"])
def test_a_trace_holds_for_any_number_of_rows(kernel: Any) -> None:
    made = model().eval()
    made.recurrent.kernels = (kernel,)
    rows = torch.export.Dim("rows", min=2, max=100_000)
    with torch.no_grad():
        traced = torch.export.export(
            Plain(made), (torch.randint(V, (3, 4)),), dynamic_shapes={"inputs": {0: rows}}
        ).module()
        tokens = torch.randint(V, (7, 4))
        torch.testing.assert_close(traced(tokens), made(Batch(tokens)).logits)
