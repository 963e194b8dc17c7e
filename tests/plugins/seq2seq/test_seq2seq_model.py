"""Encoder and decoder: their equations, padding, decoding step by step, and any cell inside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.contracts.cases import CATALOG
from tests.plugins.transcription import Array, weighted
from zoo_core import Classes, Signature, Tokens
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import MisfitError, RefusedError
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.exporting.program import Program
from zoo_core.runtime.nn import AbstractModel, Batch, Recurrent
from zoo_core.testing.cases.model_case import ModelCase, compute_logits
from zoo_core.testing.check import run_check
from zoo_core.testing.checked_part import CheckedPart
from zoo_core.testing.checks.learning import gradients
from zoo_core.testing.checks.models import CHECKS, PLAIN
from zoo_core.testing.checks.recurrence import padding_independence
from zoo_core.testing.checks.sequences import saved_state, step_by_step
from zoo_seq2seq.attention import AdditiveAttention, AttentionMemory
from zoo_seq2seq.configs import Seq2SeqAttentionConfig, Seq2SeqConfig, Seq2SeqRepeatConfig
from zoo_seq2seq.model import Seq2Seq
from zoo_seq2seq.repeat import Seq2SeqRepeat

V, N, B, S, T, H, E = 5, 4, 2, 3, 3, 2, 2
STEP = 1e-6
SIGNATURE = Signature(
    inputs=Tokens(V),
    outputs=Classes(V, per="step", next_token=True),
    vocabulary=Vocabulary(tuple("abcde")),
    context={"source": Tokens(N)},
    vocabularies={"source": Vocabulary(tuple("wxyz"))},
)
SOURCE = torch.tensor([[0, 3, 1], [2, 2, 0]])
INPUTS = torch.tensor([[0, 4, 1], [0, 2, 3]])
SIZES: dict[str, Any] = {"hidden_size": H}
CONFIGS: dict[str, Any] = {
    "seq2seq": Seq2SeqConfig(embedding_size=E, **SIZES),
    "seq2seq-attention": Seq2SeqAttentionConfig(embedding_size=E, **SIZES),
    "seq2seq-repeat": Seq2SeqRepeatConfig(cell="gru", **SIZES),
}
LAYERED = {
    "seq2seq": Seq2SeqConfig(cell="lstm", num_layers=2, **SIZES),
    "seq2seq-attention": Seq2SeqAttentionConfig(cell="lstm", num_layers=2, **SIZES),
    "both ways": Seq2SeqAttentionConfig(bidirectional=True, **SIZES),
    "both ways without attention": Seq2SeqConfig(bidirectional=True, **SIZES),
    "seq2seq-repeat": Seq2SeqRepeatConfig(num_layers=2, **SIZES),
}
CELLS = sorted(
    {
        entry.spec.cell or entry.spec.name
        for entry in CATALOG.of(ModelSpec)
        if entry.spec.name not in ("deep", *CONFIGS) and "tokens" in entry.spec.accepts
    }
)
"""What may be a cell; a model without one, or whose cell needs inputs of its width, is refused."""
QUICK = (step_by_step, saved_state, padding_independence, gradients)


def of(config: Any, seed: int = 0) -> AbstractModel:
    torch.manual_seed(seed)
    kind = Seq2SeqRepeat if isinstance(config, Seq2SeqRepeatConfig) else Seq2Seq
    model: AbstractModel = kind(config, SIGNATURE)
    return model.double().eval()


def batch_of(
    source: Tensor = SOURCE, inputs: Tensor = INPUTS, lengths: list[int] | None = None
) -> Batch:
    context_lengths = None if lengths is None else {"source": torch.tensor(lengths)}
    return Batch(inputs, context={"source": source}, context_lengths=context_lengths)


def logits_of(model: AbstractModel, batch: Batch) -> Tensor:
    with torch.no_grad():
        logits: Tensor = model(batch).logits
    return logits


# The oracle: the equations in NumPy, row by row, with central differences for gradients.


def sigmoid(x: Array) -> Array:
    result: Array = 1 / (1 + np.exp(-x))
    return result


def gru(w: dict[str, Array], part: str, x: Array, h: Array) -> Array:
    """One step of a GRU: gates r, z, n, as torch.nn orders them."""
    gates = w[f"{part}.weight_ih_l0"] @ x + w[f"{part}.bias_ih_l0"]
    recurrent = w[f"{part}.weight_hh_l0"] @ h + w[f"{part}.bias_hh_l0"]
    (r, z, n), (hr, hz, hn) = np.split(gates, 3), np.split(recurrent, 3)
    r, z = sigmoid(r + hr), sigmoid(z + hz)
    n = np.tanh(n + r * hn)
    result: Array = (1 - z) * n + z * h
    return result


def network(w: dict[str, Array], source: list[int], inputs: list[int], kind: str) -> list[Array]:
    """Logits (T, V), the last output of the decoder, and the weights of the attention (T, S)."""
    h, read = np.zeros(H), []
    for symbol in source:
        one_hot = np.eye(N)[symbol]
        x = one_hot if kind == "seq2seq-repeat" else w["source_embedding.weight"][symbol]
        h = gru(w, "encoder", x, h)
        read.append(h)
    o = np.zeros(H) if kind == "seq2seq-repeat" else h
    logits, weights = [], []
    for symbol in inputs:
        if kind == "seq2seq-repeat":
            o = gru(w, "decoder", h, o)
        else:
            c = h
            if kind == "seq2seq-attention":
                q, k = w["additive.query.weight"], w["additive.key.weight"]
                scores = [w["additive.score.weight"][0] @ np.tanh(q @ o + k @ r) for r in read]
                a = np.exp(scores) / np.exp(scores).sum()
                c = sum(part * r for part, r in zip(a, read, strict=True))
                weights.append(a)
            o = gru(w, "decoder", np.concatenate([w["embedding.weight"][symbol], c]), o)
        logits.append(w["output.weight"] @ o + w["output.bias"])
    return [np.stack(logits), o, *([np.stack(weights)] if weights else [])]


@pytest.mark.parametrize("kind", CONFIGS)
def test_the_model_gives_what_its_equations_say(kind: str) -> None:
    model = of(CONFIGS[kind])
    output = model(batch_of())
    assert output.state is not None
    results = [output.logits, output.state[0][0]]
    if kind == "seq2seq-attention":
        assert isinstance(model, Seq2Seq)
        weights = model.attention(batch_of())
        assert weights is not None
        results.append(weights)
    variables: dict[str, Any] = dict(model.named_parameters())
    gradients = torch.autograd.grad(weighted(results, torch.arange), list(variables.values()))
    arrays = {name: tensor.detach().numpy().copy() for name, tensor in variables.items()}

    def run() -> list[Array]:
        rows = zip(SOURCE.tolist(), INPUTS.tolist(), strict=True)
        computed = [network(arrays, source, inputs, kind) for source, inputs in rows]
        return [np.stack(parts) for parts in zip(*computed, strict=True)]

    for expected, actual in zip(run(), results, strict=True):
        assert np.abs(expected - actual.detach().numpy()).max() < 1e-12
    for (name, array), gradient in zip(arrays.items(), gradients, strict=True):
        slope = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            before, losses = array[index], []
            for sign in (1, -1):
                array[index] = before + sign * STEP
                losses.append(weighted(run(), np.arange))
            slope[index] = (losses[0] - losses[1]) / (2 * STEP)
            array[index] = before
        assert np.abs(slope - gradient.numpy()).max() < 1e-6, name


@pytest.mark.parametrize("config", LAYERED.values(), ids=LAYERED)
def test_padding_and_other_rows_change_nothing(config: Any) -> None:
    model = of(config)
    alone = logits_of(model, batch_of(SOURCE[:1, :2], INPUTS[:1]))
    for more in (1, 4):
        padded = torch.nn.functional.pad(SOURCE[:1, :2], (0, more), value=3)
        other = torch.randint(N, padded.shape, generator=torch.Generator().manual_seed(more))
        source = torch.cat([padded, other])
        together = logits_of(model, batch_of(source, INPUTS, [2, padded.shape[1]]))
        assert (together[:1] - alone).abs().max() < 1e-12


def test_the_attention_is_a_distribution_over_the_steps_that_are_no_padding() -> None:
    model = of(CONFIGS["seq2seq-attention"])
    assert isinstance(model, Seq2Seq)
    weights = model.attention(batch_of(lengths=[3, 1]))
    assert weights is not None
    assert weights.shape == (B, T, S)
    assert (weights.sum(dim=2) - 1).abs().max() < 1e-12
    assert torch.equal(weights[1], torch.tensor([[1.0, 0, 0]] * T, dtype=torch.float64))
    plain = of(CONFIGS["seq2seq"])
    assert isinstance(plain, Seq2Seq)
    assert plain.attention(batch_of()) is None


@pytest.mark.parametrize("config", LAYERED.values(), ids=LAYERED)
def test_step_by_step_a_target_gets_what_it_gets_at_once_and_the_source_is_read_once(
    config: Any,
) -> None:
    model = of(config)
    expected = model(batch_of(lengths=[3, 2]))
    state, pieces, reads = None, [], []
    assert isinstance(model.encoder, Recurrent)
    model.encoder.register_forward_hook(lambda *_: reads.append(1))
    for step in range(T):
        inputs = INPUTS[:, step : step + 1]
        batch = batch_of(inputs=inputs, lengths=[3, 2]) if state is None else Batch(inputs)
        output = model(batch, state)
        state = output.state
        pieces.append(output.logits)
    assert (torch.cat(pieces, dim=1) - expected.logits).abs().max() < 1e-12
    assert len(reads) == 1


@pytest.mark.parametrize("config", LAYERED.values(), ids=LAYERED)
def test_the_state_of_a_row_stays_where_its_target_ends(config: Any) -> None:
    model = of(config)
    long = model(batch_of()._replace(lengths=torch.tensor([1, 3]))).state
    short = model(batch_of(SOURCE[:1], INPUTS[:1, :1])).state
    assert long is not None
    assert short is not None
    for part, other in zip(long, short, strict=True):
        for tensor, expected in zip(part, other, strict=True):
            assert (tensor[:1] - expected).abs().max() < 1e-12


def case_of(cell: str, attention: str) -> ModelCase:
    settings = {"cell": cell, "hidden_size": 8, "embedding_size": 4, "attention": attention}
    case = ModelCase(CATALOG.find(ModelSpec, "seq2seq").spec, settings, SIGNATURE)
    try:
        compute_logits(case.build(), case.batch())
    except RefusedError as error:
        assert cell not in ("gru", "lstm", "rnn", "lru", "mingru", "mlstm")
        pytest.skip(str(error))
    return case


@pytest.mark.gate
@pytest.mark.parametrize("name", CELLS)
def test_any_cell_can_read_and_write(name: str) -> None:
    case = replace(case_of(name, "additive"), rows=2, steps=3)
    assert [run_check(check, case) for check in QUICK] == [None] * len(QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("attention", ["none", "additive"])
def test_any_cell_keeps_the_rules_of_models(name: str, attention: str) -> None:
    case = case_of(name, attention)
    checks = [replace(check, needs=()) for check in (*CHECKS, *PLAIN)]
    results = CheckedPart(name, [(checks, lambda: [case])]).results()
    assert not [result.describe() for result in results if result.verdict == "failed"]


def test_the_decoder_starts_from_the_state_of_an_encoder_in_one_direction() -> None:
    model = of(replace(CONFIGS["seq2seq"], num_layers=2))
    assert isinstance(model, Seq2Seq)
    start = model.encode(batch_of())
    _, after = model.encoder(model.source_embedding(SOURCE))
    assert all(
        torch.equal(*pair)
        for pair in zip((part[0] for part in start[:-1]), (part[0] for part in after), strict=True)
    )
    both = of(replace(CONFIGS["seq2seq"], bidirectional=True))
    assert isinstance(both, Seq2Seq)
    assert not both.encode(batch_of())[0][0].any()


def test_xavier_draws_every_matrix_between_its_bounds() -> None:
    config = Seq2SeqAttentionConfig(hidden_size=32, initialization="xavier", cell="lstm")
    model = of(config)
    assert isinstance(model, Seq2Seq)
    layers = [module for module in model.modules() if isinstance(module, (nn.Linear, Recurrent))]
    matrices = [p for m in layers for p in m.parameters() if p.dim() == 2]
    assert len(matrices) == 4 + 4
    for matrix in matrices:
        bound = (6 / sum(matrix.shape)) ** 0.5
        assert 0.8 * bound < matrix.abs().max() <= bound
    uniform = of(replace(config, initialization="uniform"))
    assert isinstance(uniform, Seq2Seq)
    assert torch.equal(uniform.embedding.weight, model.embedding.weight)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_without_a_source_the_model_says_what_it_needs(config: Any) -> None:
    with pytest.raises(MisfitError, match=r"--dataset number-words"):
        (Seq2SeqRepeat if isinstance(config, Seq2SeqRepeatConfig) else Seq2Seq)(
            config, replace(SIGNATURE, context={}, vocabularies={})
        )
    with pytest.raises(MisfitError, match="no source"):
        of(config)(Batch(INPUTS))
    with pytest.raises(MisfitError, match="no export format"):
        Program(of(config))


def test_xavier_draws_the_recurrent_matrices_too() -> None:
    model = of(Seq2SeqConfig(hidden_size=16, embedding_size=48, initialization="xavier"))
    assert isinstance(model, Seq2Seq)
    for name, shape in (("weight_ih_l0", (48, 48)), ("weight_hh_l0", (48, 16))):
        weight = model.encoder.get_parameter(name)
        bound = (6 / sum(shape)) ** 0.5
        assert weight.shape == shape
        assert 0.95 * bound < weight.abs().max() <= bound


def test_dropout_drops_weights_of_the_attention_in_training_alone() -> None:
    torch.manual_seed(0)
    attention = AdditiveAttention(2, 3, 4, dropout=0.5)
    values = torch.randn(2, 50, 3)
    memory = AttentionMemory(attention.key(values), values, torch.ones(2, 50), torch.randn(2, 2))
    padding = torch.zeros(2, 50, dtype=torch.bool)
    for is_training in (True, False):
        context, weights = attention.train(is_training)(memory, padding)
        mean = (weights.unsqueeze(2) * values).sum(1)
        assert torch.allclose(weights.sum(1), torch.ones(2))
        assert torch.allclose(context, mean, atol=1e-6) is not is_training


def test_an_initial_state_has_read_no_source_yet() -> None:
    for config in CONFIGS.values():
        model = of(config)
        batch = batch_of()
        fresh = model.initial_state(len(batch.inputs))
        assert torch.equal(model(batch, fresh).logits, model(batch).logits)


def test_a_second_further_input_is_refused() -> None:
    context = SIGNATURE.context | {"other": Tokens(3)}
    with pytest.raises(MisfitError, match="writes a target for a source"):
        Seq2Seq(Seq2SeqConfig(), replace(SIGNATURE, context=context))
