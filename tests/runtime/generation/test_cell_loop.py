"""Text by the cell alone, compared with text by the model's forward."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any, final

import pytest
import torch
from torch import Tensor, nn

from tests.runtime.building.sharpened import letters, sharpened
from zoo_core.data.signature import Classes
from zoo_core.errors import IntegrityError
from zoo_core.runtime.generation import generate as loops
from zoo_core.runtime.generation.generate import generate
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.torch_layers import TorchKernel
from zoo_core.runtime.nn import (
    AbstractKernel,
    Batch,
    Output,
    Recurrent,
    RecurrentModel,
    ReferenceKernel,
    State,
)
from zoo_gru.configs import GruManualConfig, GruStackedConfig
from zoo_gru.models import gru_manual, gru_stacked
from zoo_lstm.cell import LstmCell
from zoo_lstm.configs import LstmEmbedConfig
from zoo_lstm.models import lstm_embed
from zoo_rnn.configs import RnnStackedConfig
from zoo_rnn.models import rnn_stacked

V, COUNT = 7, 200
SIGNATURE = letters(V)
LSTM: dict[str, Any] = {"hidden_size": 13, "embedding_size": 5}
MODELS: dict[str, Callable[[], RecurrentModel]] = {
    "rnn": lambda: rnn_stacked(RnnStackedConfig(hidden_size=13), SIGNATURE),
    "relu": lambda: rnn_stacked(
        RnnStackedConfig(hidden_size=13, nonlinearity="relu", num_layers=2), SIGNATURE
    ),
    "lstm": lambda: lstm_embed(LstmEmbedConfig(**LSTM, num_layers=3, dropout=0.5), SIGNATURE),
    "max-norm": lambda: lstm_embed(LstmEmbedConfig(**LSTM, max_norm=0.5), SIGNATURE),
    "gru": lambda: gru_stacked(GruStackedConfig(hidden_size=13, bias=False), SIGNATURE),
    "per-sequence": lambda: lstm_embed(
        LstmEmbedConfig(**LSTM),
        replace(SIGNATURE, outputs=replace(SIGNATURE.outputs, per="sequence")),
    ),
}
PROMPT = torch.tensor([[1, 2, 3]])
KERNELS: tuple[AbstractKernel, ...] = (PortableKernel(), TorchKernel(), ReferenceKernel())
every_kernel = pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)


def text(model: RecurrentModel, kernel: AbstractKernel, sampler: Sampler) -> list[int]:
    """The symbols after the prompt."""
    model.recurrent.kernels = (kernel,)
    return list(islice(generate(model, Batch(PROMPT), sampler), COUNT))


def text_by_forward(model: RecurrentModel, sampler: Sampler) -> list[int]:
    """The same by the model's forward, which runs for every symbol because of a hook."""
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
    model = sharpened(MODELS[name])
    expected = text_by_forward(model, Sampler(temperature, seed=1))
    assert text(model, kernel, Sampler(temperature, seed=1)) == expected
    assert temperature == 0 or len(set(expected)) >= 3


def test_a_cell_that_only_the_reference_runs_gives_the_text_of_the_models_forward() -> None:
    config = GruManualConfig(hidden_size=13, reset_after=False)
    model = sharpened(lambda: gru_manual(config, SIGNATURE))
    expected = text_by_forward(model, Sampler(seed=1))
    assert text(model, ReferenceKernel(), Sampler(seed=1)) == expected
    assert len(set(expected)) >= 3


@final
class Negative(RecurrentModel):  # type: ignore[misc]  # as an author without mypy may write it
    """A model with another forward."""

    def __init__(self) -> None:
        super().__init__(SIGNATURE, Recurrent(LstmCell(9), V))

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """The logits with the opposite sign."""
        logits, after = super().forward(batch, state)
        return Output(-logits, after)


@final
class NegativeLinear(nn.Linear):
    """A linear layer with another forward."""

    def forward(self, input: Tensor) -> Tensor:
        """-(W x + b)."""
        return -super().forward(input)


def with_output(make: Callable[[int, int], nn.Module]) -> RecurrentModel:
    """A model with another output layer."""
    model = MODELS["lstm"]()
    model.output = make(LSTM["hidden_size"], V)  # type: ignore[assignment]
    return model


def with_hook(name: str) -> RecurrentModel:
    """A model with a hook on one of its modules."""
    model = MODELS["lstm"]()
    model.get_submodule(name).register_forward_hook(lambda module, inputs, output: output * -1)
    return model


def of_fewer_classes() -> RecurrentModel:
    """A model that never predicts the last symbol."""
    fewer = replace(SIGNATURE, outputs=Classes(V - 1, per="step", next_token=True), vocabulary=None)
    return lstm_embed(LstmEmbedConfig(**LSTM), fewer)


OTHER_FORWARDS: dict[str, Callable[[], RecurrentModel]] = {
    "forward": Negative,
    "output-type": lambda: with_output(NegativeLinear),
    "no-output-bias": lambda: with_output(lambda width, out: nn.Linear(width, out, bias=False)),
    "two-output-layers": lambda: with_output(
        lambda width, out: nn.Sequential(nn.LayerNorm(width), nn.Linear(width, out))
    ),
    "output-hook": lambda: with_hook("output"),
    "inner-hook": lambda: with_hook("recurrent.dropout"),
    "fewer-classes": of_fewer_classes,
}


@pytest.mark.parametrize("name", OTHER_FORWARDS)
def test_a_model_with_another_forward_runs_for_every_symbol(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = sharpened(OTHER_FORWARDS[name])
    assert not model.has_default_forward
    expected = text_by_forward(model, Sampler(0))
    monkeypatch.setattr(loops, "generate_by_cell", None)
    assert text(model, PortableKernel(), Sampler(0)) == expected


@every_kernel
def test_the_recurrent_layer_runs_for_the_prompt_only(
    kernel: AbstractKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, steps = sharpened(MODELS["lstm"]), []
    forward = type(model.recurrent).forward

    def recorded(self: Any, inputs: Tensor, *rest: Any) -> Any:
        steps.append(inputs.shape[1])
        return forward(self, inputs, *rest)

    monkeypatch.setattr(type(model.recurrent), "forward", recorded)
    text(model, kernel, Sampler())
    assert steps == [PROMPT.shape[1]]


def test_under_autocast_the_model_runs_for_every_symbol(monkeypatch: pytest.MonkeyPatch) -> None:
    model, steps = sharpened(MODELS["gru"]).float(), []
    forward = type(model.recurrent).forward

    def recorded(self: Any, inputs: Tensor, *rest: Any) -> Any:
        steps.append(inputs.shape[1])
        return forward(self, inputs, *rest)

    monkeypatch.setattr(type(model.recurrent), "forward", recorded)
    model.recurrent.kernels = (PortableKernel(),)
    list(islice(generate(model, Batch(PROMPT), Sampler(), "bf16"), 3))
    assert steps == [PROMPT.shape[1], 1, 1]


def test_gradients_stay_on_for_the_caller() -> None:
    model = sharpened(MODELS["rnn"])
    model.recurrent.kernels = (PortableKernel(),)
    symbols = generate(model, Batch(PROMPT), Sampler())
    for _ in range(3):
        next(symbols)
        assert torch.is_grad_enabled()


def test_numbers_that_are_not_finite_end_the_text() -> None:
    model = sharpened(MODELS["rnn"])
    model.recurrent.kernels = (PortableKernel(),)
    symbols = generate(model, Batch(PROMPT), Sampler())
    next(symbols)
    model.output.bias.data[2] = torch.nan
    with pytest.raises(IntegrityError, match="not finite"):
        list(islice(symbols, 2))
