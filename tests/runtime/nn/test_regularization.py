"""Regularisation of recurrent layers, against its equations and torch's layers in float64."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, dropout, one_hot

from tests.runtime.building.sharpened import letters
from zoo_core.errors import ConfigError
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.torch_layers import TorchKernel
from zoo_core.runtime.nn import (
    AbstractKernel,
    Batch,
    Recurrent,
    RecurrentModel,
    ReferenceKernel,
)
from zoo_core.runtime.nn.regularization import Regularization
from zoo_core.runtime.training.step import TrainStep
from zoo_gru.configs import GruEmbedConfig
from zoo_gru.models import gru_embed
from zoo_kernels.kernel import NativeKernel
from zoo_kernels.library import native_library
from zoo_lstm.cell import LstmCell
from zoo_lstm.configs import LstmEmbedConfig
from zoo_lstm.models import lstm_embed
from zoo_rnn.configs import RnnEmbedConfig
from zoo_rnn.models import rnn_embed
from zoo_train.configs import NextTokenConfig
from zoo_train.next_token import NextTokenTrainer

B, T, F, H, V = 3, 5, 4, 6, 7
P = 0.4
ALL: dict[str, Any] = {
    "num_layers": 2,
    "dropout": 0.3,
    "input_dropout": 0.2,
    "output_dropout": 0.4,
    "variational_dropout": True,
    "weight_drop": 0.5,
    "activation_penalty": 2.0,
    "temporal_penalty": 1.0,
}
MODELS = {
    "lstm": lambda **values: lstm_embed(LstmEmbedConfig(**values), letters(V)),
    "gru": lambda **values: gru_embed(GruEmbedConfig(**values), letters(V)),
    "rnn": lambda **values: rnn_embed(RnnEmbedConfig(**values), letters(V)),
}
KERNELS: list[AbstractKernel] = [PortableKernel(), TorchKernel()]
if not isinstance(native_library(), str):
    KERNELS.append(NativeKernel())
GENERATOR = torch.Generator().manual_seed(0)
FEATURES = torch.randn(B, T, F, generator=GENERATOR, dtype=torch.float64)
TOKENS = torch.randint(V, (B, T), generator=GENERATOR)
TARGETS = torch.randint(V, (B, T), generator=GENERATOR)


def layer(regularization: Regularization, **settings: Any) -> Recurrent:
    """Returns an LSTM layer in training, in double precision, with the same weights every time."""
    torch.manual_seed(0)
    cell = LstmCell(H)
    return Recurrent(cell, F, regularization=regularization, **settings).double().train()


def lstm_with(weights: dict[str, Tensor], layers: int = 1) -> nn.LSTM:
    oracle = nn.LSTM(F, H, layers, batch_first=True).double()
    oracle.load_state_dict(weights)
    return oracle


def test_weight_drop_runs_torchs_lstm_with_masked_recurrent_weights() -> None:
    recurrent = layer(Regularization(weights=P))
    torch.manual_seed(1)
    outputs, _ = recurrent(FEATURES)
    torch.manual_seed(1)
    weights = {name: tensor.detach() for name, tensor in recurrent.state_dict().items()}
    weights["weight_hh_l0"] = dropout(weights["weight_hh_l0"], P)
    assert (weights["weight_hh_l0"] == 0).any()
    expected, _ = lstm_with(weights)(FEATURES)
    assert torch.allclose(outputs, expected, rtol=0, atol=1e-12)


def test_a_dropped_recurrent_weight_has_no_gradient() -> None:
    recurrent = layer(Regularization(weights=P))
    torch.manual_seed(1)
    torch.autograd.backward(recurrent(FEATURES)[0].sum())
    torch.manual_seed(1)
    dropped = dropout(torch.ones(4 * H, H, dtype=torch.float64), P) == 0
    gradient = recurrent.weight_hh_l0.grad
    assert isinstance(gradient, Tensor)
    assert torch.equal(gradient == 0, dropped)


@pytest.mark.parametrize("variational", [True, False])
def test_dropout_of_inputs_and_outputs_is_a_product_with_a_mask(variational: bool) -> None:
    plain, _ = layer(Regularization())(FEATURES)
    dropped, _ = layer(Regularization(outputs=P, variational=variational))(FEATURES)
    ratio = dropped / plain
    kept = ratio != 0
    assert torch.allclose(ratio[kept], torch.tensor(1 / (1 - P), dtype=torch.float64))
    assert torch.equal(kept, kept[:, :1].expand_as(kept)) == variational
    recurrent = layer(Regularization(inputs=P, variational=variational))
    torch.manual_seed(1)
    outputs, _ = recurrent(FEATURES)
    torch.manual_seed(1)
    shape = (B, 1, F) if variational else (B, T, F)
    mask = dropout(torch.ones(shape, dtype=torch.float64), P)
    expected, _ = layer(Regularization())(FEATURES * mask)
    assert torch.allclose(outputs, expected, rtol=0, atol=1e-12)


def test_variational_dropout_between_layers_has_one_mask_per_sequence() -> None:
    recurrent = layer(Regularization(variational=True), num_layers=2, dropout=P)
    torch.manual_seed(1)
    outputs, _ = recurrent(FEATURES)
    torch.manual_seed(1)
    mask = dropout(torch.ones(B, 1, H, dtype=torch.float64), P)
    weights = {name: tensor.detach() for name, tensor in recurrent.state_dict().items()}
    first = lstm_with({name: tensor for name, tensor in weights.items() if "_l0" in name})
    hidden, _ = first(FEATURES)
    second = nn.LSTM(H, H, batch_first=True).double()
    second.load_state_dict(
        {name.replace("l1", "l0"): tensor for name, tensor in weights.items() if "_l1" in name}
    )
    expected, _ = second(hidden * mask)
    assert torch.allclose(outputs, expected, rtol=0, atol=1e-12)


def test_dropout_of_tokens_drops_components_of_their_one_hot_vectors() -> None:
    torch.manual_seed(0)
    recurrent = Recurrent(LstmCell(H), V, regularization=Regularization(inputs=P)).double()
    torch.manual_seed(1)
    outputs, _ = recurrent.train()(TOKENS)
    torch.manual_seed(1)
    features = dropout(one_hot(TOKENS, V).double(), P)
    expected, _ = recurrent.eval()(features)
    assert torch.allclose(outputs, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("lengths", [None, torch.tensor([5, 2, 1])])
def test_the_penalties_are_the_mean_squares_by_hand(lengths: Tensor | None) -> None:
    recurrent = layer(Regularization(activation=2.0, temporal=3.0))
    outputs, _ = recurrent(FEATURES, None, lengths)
    squares, changes = [], []
    for row in range(B):
        for step in range(T if lengths is None else int(lengths[row])):
            for unit in range(H):
                value = outputs[row, step, unit].item()
                squares.append(value**2)
                if step:
                    changes.append((value - outputs[row, step - 1, unit].item()) ** 2)
    expected = 2.0 * sum(squares) / len(squares) + 3.0 * sum(changes) / len(changes)
    assert recurrent.penalty is not None
    assert recurrent.penalty.item() == pytest.approx(expected, abs=1e-12)


def test_the_activation_penalty_is_of_dropped_and_the_temporal_of_raw_outputs() -> None:
    raw, _ = layer(Regularization())(FEATURES)
    recurrent = layer(Regularization(outputs=P, activation=2.0))
    dropped, _ = recurrent(FEATURES)
    assert recurrent.penalty is not None
    assert recurrent.penalty.item() == pytest.approx(2 * dropped.square().mean().item(), abs=1e-12)
    recurrent = layer(Regularization(outputs=P, temporal=1.0))
    recurrent(FEATURES)
    assert recurrent.penalty is not None
    change = (raw[:, 1:] - raw[:, :-1]).square().mean().item()
    assert recurrent.penalty.item() == pytest.approx(change, abs=1e-12)


def test_the_dropped_output_of_the_last_step_is_what_a_label_per_sequence_reads() -> None:
    recurrent = layer(Regularization(outputs=P))
    outputs, state = recurrent(FEATURES)
    assert torch.equal(recurrent.last(outputs, state), outputs[:, -1])
    assert (outputs[:, -1] == 0).any()
    lengths = torch.tensor([5, 2, 1])
    outputs, state = recurrent(FEATURES, None, lengths)
    last = recurrent.last(outputs, state, lengths)
    assert torch.equal(last, outputs[torch.arange(B), lengths - 1])


def test_nothing_of_it_acts_in_evaluation() -> None:
    regularization = Regularization(
        inputs=P, outputs=P, variational=True, weights=P, activation=1.0, temporal=1.0
    )
    recurrent = layer(regularization, num_layers=2, dropout=P).eval()
    before = torch.get_rng_state()
    outputs, _ = recurrent(FEATURES)
    assert torch.equal(before, torch.get_rng_state())
    assert recurrent.penalty is None
    assert torch.equal(outputs, layer(Regularization(), num_layers=2).eval()(FEATURES)[0])


def trained(name: str, kernel: AbstractKernel, **settings: Any) -> tuple[float, list[Tensor]]:
    """Returns loss with penalty and gradients of a regularised model in double precision."""
    torch.manual_seed(0)
    model = MODELS[name](hidden_size=H, embedding_size=H, **settings).double().train()
    model.recurrent.kernels = (kernel,)
    torch.manual_seed(1)
    logits = model(Batch(TOKENS)).logits
    loss = cross_entropy(logits.flatten(0, 1), TARGETS.flatten())
    if model.recurrent.penalty is not None:
        loss = loss + model.recurrent.penalty
    torch.autograd.backward(loss)
    return loss.item(), [
        parameter.grad for parameter in model.parameters() if parameter.grad is not None
    ]


@pytest.mark.parametrize(
    "settings", [ALL, ALL | {"variational_dropout": False}], ids=["var", "each"]
)
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
@pytest.mark.parametrize("name", MODELS)
def test_every_kernel_regularises_alike(
    name: str, kernel: AbstractKernel, settings: dict[str, Any]
) -> None:
    loss, gradients = trained(name, ReferenceKernel(), **settings)
    other, others = trained(name, kernel, **settings)
    assert other == pytest.approx(loss, abs=1e-12)
    for gradient, theirs in zip(gradients, others, strict=True):
        assert torch.allclose(gradient, theirs, rtol=0, atol=1e-10)


def test_a_step_trains_on_the_penalty_and_reports_the_loss_without_it() -> None:
    settings: dict[str, Any] = {"activation_penalty": 5.0, "temporal_penalty": 2.0}
    _, expected = trained("lstm", ReferenceKernel(), **settings)
    torch.manual_seed(0)
    model = MODELS["lstm"](hidden_size=H, embedding_size=H, **settings).double()
    trainer = NextTokenTrainer(NextTokenConfig(optimizer="SGD", clip_norm=None), model.signature)
    step = TrainStep(model, trainer, steps=1, device="cpu", precision="fp32")
    result = step(Batch(TOKENS, TARGETS), None)
    plain = cross_entropy(result.output.logits.flatten(0, 1), TARGETS.flatten())
    assert result.loss.item() == pytest.approx(plain.item(), abs=1e-12)
    for parameter, gradient in zip(model.parameters(), expected, strict=True):
        assert parameter.grad is not None
        assert torch.allclose(parameter.grad, gradient, rtol=0, atol=1e-10)
    assert model.recurrent.penalty is None


@pytest.mark.parametrize("name", MODELS)
def test_tied_weights_are_one_tensor_with_the_sum_of_both_gradients(name: str) -> None:
    torch.manual_seed(0)
    tied = MODELS[name](hidden_size=H, embedding_size=H, tie_weights=True).double()
    assert isinstance(tied, RecurrentModel)
    assert tied.embedding is not None
    assert tied.output.weight is tied.embedding.weight
    free = MODELS[name](hidden_size=H, embedding_size=H).double()
    free.load_state_dict(tied.state_dict())
    logits, _ = tied(Batch(TOKENS))
    hidden, _ = tied.recurrent(TOKENS, None, None, tied.embedding)
    assert torch.allclose(logits, hidden @ tied.embedding.weight.T + tied.output.bias, atol=1e-12)
    for model in (tied, free):
        loss = cross_entropy(model(Batch(TOKENS)).logits.flatten(0, 1), TARGETS.flatten())
        torch.autograd.backward(loss)
    gradients = {name: parameter.grad for name, parameter in free.named_parameters()}
    looked_up, read_out = gradients["embedding.weight"], gradients["output.weight"]
    ours = tied.embedding.weight.grad
    assert ours is not None
    assert looked_up is not None
    assert read_out is not None
    assert torch.allclose(ours, looked_up + read_out, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"embedding_size": H + 1}, "embedding_size is 7, the outputs have 6 units"),
        ({"bidirectional": True}, "embedding_size is 6, the outputs have 12 units"),
        ({"sparse": True}, "does not go with model.sparse"),
        ({"padding_idx": 0}, "does not go with model.padding_idx"),
    ],
    ids=str,
)
def test_weights_that_cannot_be_tied_are_refused(settings: dict[str, Any], message: str) -> None:
    values = {"hidden_size": H, "embedding_size": H, "tie_weights": True} | settings
    with pytest.raises(ConfigError, match=message):
        MODELS["lstm"](**values)
