"""The word models, compared with a transcription in NumPy and with torch's layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.plugins.transcription import Array, State, Weights, run_oracle, weighted
from zoo_chars.cells import WordCell
from zoo_chars.configs import BatchNormConfig, WordConfig, WordThreeConfig
from zoo_chars.models import word_loop
from zoo_chars.normalized import BatchNormModel, WordThree
from zoo_core import Classes, Signature, Tokens
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.runtime.nn import Batch, HiddenState, Recurrent
from zoo_core.runtime.training.step import TrainStep
from zoo_train.configs import NextTokenConfig
from zoo_train.next_token import NextTokenTrainer

V, H, B, T = 9, 5, 4, 6
EXACT = 1e-12
STEP = 1e-30
LAST = Signature(inputs=Tokens(V), outputs=Classes(V, per="sequence", next_token=True))
EVERY = Signature(inputs=Tokens(V), outputs=Classes(V, per="step", next_token=True))


def tokens(steps: int, rows: int = B) -> Tensor:
    """Random symbols (B, T)."""
    return torch.randint(V, (rows, steps), generator=torch.Generator().manual_seed(0))


def word_loop_step(w: Weights, x: Array, state: State) -> tuple[Array, State]:
    """Howard & Gugger, the loop of chapter 12."""
    z = w["weight_hh"] @ (state[0] + x) + w["bias_hh"]
    hidden = np.where(z.real > 0, z, 0)
    return hidden, (hidden,)


def test_the_word_cell_gives_what_the_book_says() -> None:
    torch.manual_seed(0)
    layer = Recurrent(WordCell(H), H).double()
    inputs = torch.randn(B, T, H, dtype=torch.float64, requires_grad=True)
    start = torch.randn(B, H, dtype=torch.float64, requires_grad=True)
    outputs, (after,) = layer(inputs, (HiddenState(start),))
    variables = {**layer.weights(0, 0), "inputs": inputs, "start": start}
    loss = weighted([outputs, *after], torch.arange)
    gradients = torch.autograd.grad(loss, list(variables.values()))

    arrays = {key: value.detach().numpy().astype(complex) for key, value in variables.items()}

    def run() -> list[Array]:
        return run_oracle(word_loop_step, arrays, arrays["inputs"], (arrays["start"],))

    for expected, actual in zip(run(), [outputs, *after], strict=True):
        assert np.abs(expected.real - actual.detach().numpy()).max() < EXACT
    for (key, array), gradient in zip(arrays.items(), gradients, strict=True):
        for index in np.ndindex(array.shape):
            array[index] += STEP * 1j
            slope = weighted(run(), np.arange).imag / STEP
            array[index] -= STEP * 1j
            assert abs(slope - gradient[index].item()) < 1e-11, key


def test_the_loop_predicts_from_its_last_state_or_from_every_one() -> None:
    config = WordConfig(hidden_size=H)
    every, last = word_loop(config, EVERY).double(), word_loop(config, LAST).double()
    last.load_state_dict(every.state_dict())
    logits = every(Batch(tokens(T))).logits
    torch.testing.assert_close(last(Batch(tokens(T))).logits, logits[:, -1], rtol=0, atol=EXACT)


@pytest.mark.parametrize("first", ["layer", "embedding"])
def test_three_words_are_normalized_at_every_step(first: Any) -> None:
    torch.manual_seed(0)
    model = WordThree(WordThreeConfig(hidden_size=H, first=first), LAST).double()
    norm = nn.BatchNorm1d(H).double()
    norm.load_state_dict(model.norm.state_dict())
    hidden = torch.zeros(B, H, dtype=torch.float64)
    for step, word in enumerate(tokens(3).unbind(1)):
        total = hidden + model.embedding.weight[word]
        if step or first == "layer":
            total = total @ model.hidden.weight.t() + model.hidden.bias
        hidden = norm(total.relu())
    expected = hidden @ model.output.weight.t() + model.output.bias
    torch.testing.assert_close(model(Batch(tokens(3))).logits, expected, rtol=0, atol=EXACT)
    assert all(torch.equal(norm.state_dict()[name], b) for name, b in model.norm.named_buffers())


def test_three_words_refuse_other_numbers_of_words() -> None:
    with pytest.raises(MisfitError, match="reads 3 symbols, not 4; give it 3, or "):
        WordThree(WordThreeConfig(), LAST)(Batch(tokens(4)))


def batch_norm(signature: Signature = EVERY, **settings: Any) -> BatchNormModel:
    """A small model with batch normalization."""
    torch.manual_seed(0)
    config = BatchNormConfig(hidden_size=H, **settings)
    return BatchNormModel(config, signature).double()


@pytest.mark.parametrize("by", ["batch", "step"])
def test_outputs_are_normalized_before_the_last_layer(by: Any) -> None:
    model = batch_norm(cell="gru", num_layers=2, statistics=by)
    layer = nn.GRU(H, H, 2, batch_first=True).double()
    layer.load_state_dict(model.recurrent.state_dict())
    outputs, _ = layer(model.embedding(tokens(T)))
    parts = [outputs] if by == "batch" else outputs.split(1, dim=1)
    whole = torch.cat(
        [
            (part - part.mean((0, 1))) / (part.var((0, 1), correction=0) + 1e-5).sqrt()
            for part in parts
        ],
        dim=1,
    )
    expected = whole @ model.output.weight.t() + model.output.bias
    torch.testing.assert_close(model(Batch(tokens(T))).logits, expected, rtol=0, atol=EXACT)


def test_padding_does_not_count() -> None:
    model, lengths = batch_norm(), torch.tensor([T, 2, 1, T])
    other = tokens(T).clone()
    other[1, 2:] = 0
    with torch.no_grad():
        first = model(Batch(tokens(T), lengths=lengths)).logits
        second = model(Batch(other, lengths=lengths)).logits
    assert torch.equal(first[1, :2], second[1, :2])
    assert torch.equal(first[0], second[0])


def test_one_row_is_normalized_by_the_running_averages() -> None:
    model = batch_norm(LAST)
    logits = model(Batch(tokens(3, rows=1))).logits
    assert torch.equal(logits, model.eval()(Batch(tokens(3, rows=1))).logits)


@pytest.mark.parametrize("model", [batch_norm(), WordThree(WordThreeConfig(), LAST)])
def test_a_batch_is_not_computed_in_parts(model: Any) -> None:
    trainer = NextTokenTrainer(NextTokenConfig(accumulate=2), model.signature)
    with pytest.raises(MisfitError, match=r"one process and with --trainer\.accumulate 1"):
        TrainStep(model, trainer, steps=1, device="cpu", precision="fp32")


def test_an_unknown_cell_is_named() -> None:
    with pytest.raises(ConfigError, match=r"model\.cell = 'gruu': .*gru"):
        BatchNormConfig(cell="gruu")


def test_inputs_of_another_width_are_refused() -> None:
    with pytest.raises(MisfitError, match="state of 5 units, and they have 3; give both one width"):
        Recurrent(WordCell(H), 3)
