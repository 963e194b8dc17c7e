"""The recurrent model: its output layer over hidden states that lie time-major in memory."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from zoo_core import Classes, Signature, Tokens
from zoo_core.errors import MisfitError
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.torch_layers import TorchKernel
from zoo_core.runtime.nn import model as models
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import AbstractModel, RecurrentModel
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.testing.checks.exporting import Plain
from zoo_gru.configs import GruStackedConfig
from zoo_gru.models import gru_stacked

V, H = 5, 6


def model() -> RecurrentModel:
    """A model in float64 with the same weights each time."""
    torch.manual_seed(0)
    signature = Signature(inputs=Tokens(V), outputs=Classes(V, per="step"))
    return gru_stacked(GruStackedConfig(hidden_size=H), signature).double()


def logits_and_gradients(
    threshold: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[Tensor, list[Tensor]]:
    """The logits and gradients with a threshold for the time-major product."""
    monkeypatch.setattr(models, "MIN_NUMBERS_FOR_TIME_MAJOR", threshold)
    network = model()
    network.recurrent.kernels = (PortableKernel(),)
    torch.manual_seed(1)
    logits = network(Batch(torch.randint(V, (3, 4)))).logits
    loss = (logits * torch.arange(logits.numel()).view_as(logits).cos()).sum()
    return logits, list(torch.autograd.grad(loss, list(network.parameters())))


def test_logits_and_gradients_are_the_same_in_either_order(monkeypatch: pytest.MonkeyPatch) -> None:
    batch_major = logits_and_gradients(1 << 60, monkeypatch)
    time_major = logits_and_gradients(1, monkeypatch)
    assert batch_major[0].is_contiguous()
    assert not time_major[0].is_contiguous()
    torch.testing.assert_close(time_major, batch_major, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kernel", [TorchKernel(), ReferenceKernel()], ids=["torch", "reference"])
def test_a_trace_holds_for_any_number_of_rows(kernel: Any) -> None:
    network = model().eval()
    network.recurrent.kernels = (kernel,)
    rows = torch.export.Dim("rows", min=2, max=100_000)
    with torch.no_grad():
        traced = torch.export.export(
            Plain(network), (torch.randint(V, (3, 4)),), dynamic_shapes={"inputs": {0: rows}}
        ).module()
        tokens = torch.randint(V, (7, 4))
        torch.testing.assert_close(traced(tokens), network(Batch(tokens)).logits)


class Plainest(AbstractModel):
    """A model that knows nothing of resets."""

    causal = carries_state = True

    def initial_state(self, batch_size: int) -> None:
        return None

    def forward(self, batch: Batch, state: Any = None) -> Output:
        raise AssertionError


def test_data_that_starts_states_anew_is_refused_for_a_model_that_cannot() -> None:
    network = model()
    batch = Batch(torch.zeros(1, 2), resets=torch.tensor([[False, True]]))
    network.check_takes(batch)
    other = Plainest(network.signature)
    other.check_takes(Batch(torch.zeros(1, 2)))
    with pytest.raises(
        MisfitError, match=r"cannot start its state anew .*--dataset\.between-files join"
    ):
        other.check_takes(batch)


def test_a_tensor_in_the_place_of_a_batch_is_refused_with_what_to_pass() -> None:
    for wrong in (torch.zeros(1, 2, dtype=torch.long), None, [[0, 1]]):
        with pytest.raises(
            TypeError, match=r"takes a batch, not \w+: write model\(Batch\(inputs\)\)"
        ):
            model()(wrong)  # type: ignore[arg-type]


def test_a_call_runs_the_hooks_of_a_model() -> None:
    network, batch = model(), Batch(torch.zeros(1, 2, dtype=torch.long))
    seen: list[Any] = []
    network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs))
    network.register_forward_hook(lambda _, inputs, output: output._replace(state=None))
    assert network(batch).state is None
    assert network(batch=batch).state is None
    assert seen == [(batch, None), (batch, None)]
