"""The embedding, compared with torch's for every option; evaluation changes no weight."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from zoo_core import AbstractEmbeddingConfig
from zoo_core.errors import ConfigError
from zoo_core.runtime.nn.embedding import Embedding

V, E = 6, 4
TOKENS = torch.tensor([[0, 1, 1, 5], [1, 2, 0, 3]])
OPTIONS: list[dict[str, Any]] = [
    {},
    {"padding_idx": 1},
    {"max_norm": 1.0},
    {"max_norm": 1.0, "norm_type": 1.0},
    {"scale_grad_by_freq": True},
    {"sparse": True},
]
every_option = pytest.mark.parametrize("options", OPTIONS, ids=str)


def embedding(**options: Any) -> Embedding:
    """An embedding in float64."""
    torch.manual_seed(0)
    return Embedding(AbstractEmbeddingConfig(embedding_size=E, **options), V).double()


def gradient(layer: nn.Embedding, output: Tensor) -> Tensor:
    """The gradient of a scalar to which every number contributes differently."""
    torch.autograd.backward((output * torch.arange(output.numel()).view_as(output).cos()).sum())
    assert layer.weight.grad is not None
    return layer.weight.grad.to_dense()


@every_option
def test_outputs_and_gradients_are_those_of_torch(options: dict[str, Any]) -> None:
    ours, theirs = embedding(**options), nn.Embedding(V, E, **options).double()
    theirs.load_state_dict(ours.state_dict())
    answer, expected = ours(TOKENS), theirs(TOKENS)
    assert torch.equal(answer, expected)
    assert torch.equal(gradient(ours, answer), gradient(theirs, expected))
    assert torch.equal(ours.weight, theirs.weight)


@every_option
def test_evaluation_gives_the_outputs_of_torch_and_changes_no_weight(
    options: dict[str, Any],
) -> None:
    layer = embedding(**options)
    before = layer.weight.detach().clone()
    pure = layer.eval()(TOKENS)
    assert torch.equal(layer.weight, before)
    torch.testing.assert_close(pure, layer.train()(TOKENS), rtol=0, atol=1e-12)


def test_max_norm_bounds_the_norm_of_norm_type() -> None:
    norms = embedding(max_norm=1.0, norm_type=1.0).eval()(TOKENS).norm(p=1, dim=-1)
    assert norms.max().item() == pytest.approx(1.0, abs=1e-6)


def test_the_padding_symbol_is_zero_and_gets_no_gradient() -> None:
    layer = embedding(padding_idx=1)
    answer = layer(TOKENS)
    assert answer[0, 1].eq(0).all()
    assert gradient(layer, answer)[1].eq(0).all()


def test_a_padding_symbol_beyond_the_vocabulary_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"model.padding_idx = 6: expected < 6"):
        embedding(padding_idx=6)
