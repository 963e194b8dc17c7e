"""Text by the portable kernel's own loop, held to the loop of the core."""

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
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import AbstractRecurrentModel
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_gru.configs import GruStackedConfig
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


def text(model: AbstractRecurrentModel, kernel: Any, sampler: Sampler) -> list[int]:
    """So many symbols after the prompt."""
    model.recurrent.kernels = (kernel,)
    return list(islice(generate(model, Batch(PROMPT), sampler), COUNT))


@pytest.mark.parametrize("name", MODELS)
def test_text_is_that_of_the_cores_loop(name: str) -> None:
    model = willed(MODELS[name])
    expected = text(model, ReferenceKernel(), Sampler(seed=1))
    assert text(model, PortableKernel(), Sampler(seed=1)) == expected
    assert len(set(expected)) >= 3


def test_between_two_symbols_the_model_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = willed(MODELS["lstm"]), []
    read = type(model.recurrent).forward

    def noted(self: Any, inputs: Tensor, *rest: Any) -> Any:
        asked.append(inputs.shape)
        return read(self, inputs, *rest)

    monkeypatch.setattr(type(model.recurrent), "forward", noted)
    text(model, PortableKernel(), Sampler())
    assert [shape[1] for shape in asked] == [PROMPT.shape[1]]


def test_autocast_is_left_to_the_model() -> None:
    model = willed(MODELS["gru"]).float()
    with torch.autocast("cpu", torch.bfloat16):
        state = model.initial_state(1)
        assert PortableKernel().generate(model, state, PROMPT[0], Sampler()) is None


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
