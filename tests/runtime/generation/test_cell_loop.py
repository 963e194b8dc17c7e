"""Text by the cell alone, compared with text by the model's forward."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.runtime.building.sharpened import letters, willed
from zoo_core.errors import IntegrityError
from zoo_core.runtime.generation.generate import generate
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.torch_layers import TorchKernel
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.model import AbstractRecurrentModel
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_gru.configs import GruManualConfig, GruStackedConfig
from zoo_gru.manual import ManualGru
from zoo_gru.stacked import StackedGru
from zoo_lstm.configs import LstmEmbedConfig
from zoo_lstm.embed import EmbeddingLstm
from zoo_rnn.configs import RnnStackedConfig
from zoo_rnn.stacked import StackedRnn

V, COUNT = 7, 200
SIGNATURE = letters(V)
LSTM: dict[str, Any] = {"hidden_size": 13, "embedding_size": 5}
MODELS: dict[str, Callable[[], AbstractRecurrentModel]] = {
    "rnn": lambda: StackedRnn(RnnStackedConfig(hidden_size=13), SIGNATURE),
    "relu": lambda: StackedRnn(
        RnnStackedConfig(hidden_size=13, nonlinearity="relu", num_layers=2), SIGNATURE
    ),
    "lstm": lambda: EmbeddingLstm(LstmEmbedConfig(**LSTM, num_layers=3, dropout=0.5), SIGNATURE),
    "max-norm": lambda: EmbeddingLstm(LstmEmbedConfig(**LSTM, max_norm=0.5), SIGNATURE),
    "gru": lambda: StackedGru(GruStackedConfig(hidden_size=13, bias=False), SIGNATURE),
    "per-sequence": lambda: EmbeddingLstm(
        LstmEmbedConfig(**LSTM), replace(SIGNATURE, per="sequence")
    ),
}
PROMPT = torch.tensor([[1, 2, 3]])
KERNELS: tuple[AbstractKernel, ...] = (PortableKernel(), TorchKernel(), ReferenceKernel())
every_kernel = pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)


def text(model: AbstractRecurrentModel, kernel: AbstractKernel, sampler: Sampler) -> list[int]:
    """The symbols after the prompt."""
    model.recurrent.kernels = (kernel,)
    return list(islice(generate(model, Batch(PROMPT), sampler), COUNT))


def text_by_forward(model: AbstractRecurrentModel, sampler: Sampler) -> list[int]:
    """The same by the model's forward, which a hook needs called for every symbol."""
    hook = model.register_forward_hook(lambda *_: None)
    try:
        return text(model, ReferenceKernel(), sampler)
    finally:
        hook.remove()


@every_kernel
@pytest.mark.parametrize("temperature", [0, 1])
@pytest.mark.parametrize("name", MODELS)
def test_text_is_that_of_the_models_forward(
    name: str, temperature: float, kernel: AbstractKernel
) -> None:
    model = willed(MODELS[name])
    expected = text_by_forward(model, Sampler(temperature, seed=1))
    assert text(model, kernel, Sampler(temperature, seed=1)) == expected
    assert temperature == 0 or len(set(expected)) >= 3


def test_a_cell_that_only_the_reference_runs_gives_the_text_of_the_models_forward() -> None:
    config = GruManualConfig(hidden_size=13, reset_after=False)
    model = willed(lambda: ManualGru(config, SIGNATURE))
    expected = text_by_forward(model, Sampler(seed=1))
    assert text(model, ReferenceKernel(), Sampler(seed=1)) == expected
    assert len(set(expected)) >= 3


@every_kernel
def test_the_recurrent_layer_runs_for_the_prompt_only(
    kernel: AbstractKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, steps = willed(MODELS["lstm"]), []
    forward = type(model.recurrent).forward

    def recorded(self: Any, inputs: Tensor, *rest: Any) -> Any:
        steps.append(inputs.shape[1])
        return forward(self, inputs, *rest)

    monkeypatch.setattr(type(model.recurrent), "forward", recorded)
    text(model, kernel, Sampler())
    assert steps == [PROMPT.shape[1]]


def test_under_autocast_the_model_runs_for_every_symbol(monkeypatch: pytest.MonkeyPatch) -> None:
    model, steps = willed(MODELS["gru"]).float(), []
    forward = type(model.recurrent).forward

    def recorded(self: Any, inputs: Tensor, *rest: Any) -> Any:
        steps.append(inputs.shape[1])
        return forward(self, inputs, *rest)

    monkeypatch.setattr(type(model.recurrent), "forward", recorded)
    model.recurrent.kernels = (PortableKernel(),)
    list(islice(generate(model, Batch(PROMPT), Sampler(), "bf16"), 3))
    assert steps == [PROMPT.shape[1], 1, 1]


def test_gradients_are_on_for_whoever_takes_a_symbol() -> None:
    model = willed(MODELS["rnn"])
    model.recurrent.kernels = (PortableKernel(),)
    symbols = generate(model, Batch(PROMPT), Sampler())
    for _ in range(3):
        next(symbols)
        assert torch.is_grad_enabled()


def test_numbers_that_are_not_finite_end_the_text() -> None:
    model = willed(MODELS["rnn"])
    model.recurrent.kernels = (PortableKernel(),)
    symbols = generate(model, Batch(PROMPT), Sampler())
    next(symbols)
    model.output.bias.data[2] = torch.nan
    with pytest.raises(IntegrityError, match="not finite"):
        list(islice(symbols, 2))
