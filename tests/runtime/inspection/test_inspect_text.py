"""Inspections of every model of the catalog, and their figures against the forward pass."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from tests.contracts.cases import MODELS
from tests.testing.faulty.configs import Plain
from tests.testing.faulty.models import Honest
from zoo_core import Features, Signature, Tokens, Unknown, Vocabulary
from zoo_core.configs.settings import settings_of
from zoo_core.data.signature import Classes, Keys, Values
from zoo_core.data.tokenizer import AbstractTokenizer, ByteTokenizer, WordTokenizer
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import ConfigError, DataError, MisfitError, NotFoundError
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.inspection.inspect_text import inspect_text
from zoo_core.runtime.inspection.inspection import Inspection
from zoo_core.runtime.inspection.text import Piece, split_text
from zoo_core.runtime.inspection.vectors import sequence_vector, symbol_vectors
from zoo_core.runtime.nn import AbstractModel, Batch, Recurrent, RecurrentModel
from zoo_core.testing.cases.model_case import ModelCase
from zoo_core.testing.cases.model_cases import plain_cases
from zoo_rnn.cell import RnnCell
from zoo_text.configs import PythonDocsConfig
from zoo_text.dataset import TextDataset

DATA = TextDataset("owls", PythonDocsConfig(), lambda: "", Vocabulary(tuple("abcdef")))
TEXT = "fade?bead"
KNOWN = [index for index, symbol in enumerate(TEXT) if symbol != "?"]
TOKENS = torch.tensor([["abcdef".index(symbol) for symbol in TEXT.replace("?", "")]])
OF_ONE_TEXT = [spec for spec in MODELS if not spec.context]
RECURRENT = [spec for spec in OF_ONE_TEXT if not spec.name.startswith("cnn")]


@cache
def cases(spec: ModelSpec) -> list[ModelCase]:
    """Returns cases of a model whose inputs are tokens: labels and next symbols, in layers too."""
    tokens = [case for case in plain_cases(spec) if case.signature.inputs.kind == "tokens"]
    symbols = [replace(case, signature=_of_next_symbols(case.signature)) for case in tokens]
    if "bidirectional" not in settings_of(resolve(spec.config)):
        return tokens + symbols
    layers = {"num_layers": 2, "bidirectional": True}
    deep = [replace(case, settings=case.settings | layers) for case in tokens + symbols]
    return tokens + symbols + deep


def _of_next_symbols(signature: Signature) -> Signature:
    outputs = replace(signature.outputs, size=6, next_token=True)
    return replace(signature, outputs=outputs)


def look(model: AbstractModel, text: str = TEXT, **options: object) -> Inspection:
    """Returns an inspection of a model with the vocabulary abcdef."""
    return inspect_text(model, DATA, text, name="owl", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("spec", RECURRENT, ids=lambda spec: spec.name)
def test_every_recurrent_model_can_be_inspected(spec: ModelSpec) -> None:
    for case in cases(spec):
        model = case.build()
        inspection = look(model)
        first, guesses = (model.window or 1) - 1, min(case.signature.outputs.size, 5)
        assert [symbol.known for symbol in inspection.symbols] == [c != "?" for c in TEXT]
        shown = [inspection.symbols[index] for index in KNOWN]
        assert [len(symbol.guesses) for symbol in shown] == [0] * first + [guesses] * (8 - first)
        for signal in inspection.signals:
            present = ~np.isnan(signal.values).any(axis=1)
            assert list(np.flatnonzero(present)) == KNOWN[first:], case.label()
        surprised = [symbol.surprise is not None for symbol in shown]
        assert surprised == [case.signature.outputs.next_token and i > first for i in range(8)]


@pytest.mark.parametrize("spec", RECURRENT, ids=lambda spec: spec.name)
def test_guesses_and_surprise_are_those_of_the_forward_pass(spec: ModelSpec) -> None:
    for case in cases(spec):
        model = case.build()
        with torch.no_grad():
            if case.signature.outputs.per == "step":
                logits = model(Batch(TOKENS)).logits[0, -2:]
            else:
                start = 0 if model.window is None else TOKENS.shape[1] - model.window
                ends = (TOKENS.shape[1] - 1, TOKENS.shape[1])
                shift = 0 if model.window is None else 1
                logits = torch.cat(
                    [
                        model(
                            Batch(TOKENS[:, max(start - shift * (ends[1] - end), 0) : end])
                        ).logits
                        for end in ends
                    ]
                )
        probabilities = logits.softmax(-1)
        last = look(model).symbols[-1]
        best = probabilities[-1].max()
        assert last.guesses[0].probability == pytest.approx(best.item(), abs=1e-12), case.label()
        if case.signature.outputs.next_token:
            expected = -probabilities[0, TOKENS[0, -1]].log()
            assert last.surprise == pytest.approx(expected.item(), abs=1e-9), case.label()


@pytest.mark.parametrize("spec", RECURRENT, ids=lambda spec: spec.name)
def test_the_vector_of_a_text_is_its_last_hidden_state(spec: ModelSpec) -> None:
    for case in cases(spec):
        model = case.build()
        vectors, vector = symbol_vectors(model, TOKENS[0]), sequence_vector(model, TOKENS[0])
        assert vectors.shape == (TOKENS.shape[1], len(vector))
        with torch.no_grad():
            state = model(Batch(TOKENS[:, -(model.window or 0) :])).state
        assert state is not None
        if "hidden" not in state[-1]._fields:  # the output is computed from the state
            *_, layer = (m for m in model.modules() if isinstance(m, Recurrent))
            forward = layer.cell.output_size
            assert np.array_equal(vector[:forward], vectors[-1, :forward]), case.label()
            assert np.array_equal(vector[forward:], vectors[0, forward:]), case.label()
            continue
        directions = len(vector) // state[-1][0].shape[1]
        expected = torch.cat([part[0][0] for part in state[-directions:]])
        assert np.allclose(vector, expected.numpy(), atol=1e-6), case.label()


@pytest.mark.parametrize("spec", [spec for spec in MODELS if spec.context], ids=lambda s: s.name)
def test_a_model_of_several_inputs_is_refused(spec: ModelSpec) -> None:
    with pytest.raises(MisfitError, match="several inputs at once"):
        look(plain_cases(spec)[0].build())


@pytest.mark.parametrize(
    "spec", [s for s in OF_ONE_TEXT if s not in RECURRENT], ids=lambda s: s.name
)
def test_a_model_without_a_recurrence_is_refused(spec: ModelSpec) -> None:
    case = plain_cases(spec)[0]
    with pytest.raises(MisfitError, match=r"no recurrent state|reads grid"):
        look(case.build())


@pytest.fixture
def stacked() -> AbstractModel:
    """Two layers of LSTM in both directions, which predict the next symbol."""
    (spec,) = (spec for spec in MODELS if spec.name == "lstm-stacked")
    case = next(
        c
        for c in cases(spec)
        if c.signature.outputs.next_token and c.signature.outputs.per == "step"
    )
    settings = {"num_layers": 2, "bidirectional": True, "hidden_size": 3}
    return replace(case, settings=settings).build()


def test_a_layer_and_a_gate_may_be_chosen(stacked: AbstractModel) -> None:
    assert {signal.layer for signal in look(stacked, layer=0).signals} == {0}
    signals = look(stacked, gate="forget").signals
    assert [(signal.layer, signal.name) for signal in signals] == [(0, "forget"), (1, "forget")]
    assert look(stacked, gate="cell").signal("cell").values.shape == (len(TEXT), 6)


def test_what_does_not_exist_is_refused_with_what_does(stacked: AbstractModel) -> None:
    with pytest.raises(NotFoundError, match="no gate 'reset' in layer 1; there are input, forget"):
        look(stacked, gate="reset")
    with pytest.raises(ConfigError, match="layer = 2: expected 0 to 1"):
        look(stacked, layer=2)
    with pytest.raises(ConfigError, match="unit = 6: expected 0 to 5"):
        look(stacked).signal().unit(6)
    with pytest.raises(DataError, match="no symbol that the model knows"):
        look(stacked, "???")
    with pytest.raises(DataError, match="empty"):
        look(stacked, "")


def test_features_are_refused() -> None:
    (spec,) = (spec for spec in MODELS if spec.name == "lstm-manual")
    case = next(c for c in plain_cases(spec) if isinstance(c.signature.inputs, Features))
    with pytest.raises(MisfitError, match="reads features"):
        look(case.build())


def test_a_long_text_for_both_directions_is_guessed_once(
    stacked: AbstractModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoo_core.runtime.inspection.reading.MAX_PREFIXES", 4)
    (spec,) = (spec for spec in MODELS if spec.name == "lstm-stacked")
    case = next(c for c in cases(spec) if c.signature.outputs.per == "sequence")
    model = replace(case, settings={"bidirectional": True, "hidden_size": 3}).build()
    counts = [len(symbol.guesses) for symbol in look(model, "fadebead").symbols]
    assert counts == [0] * 7 + [4]


def test_pieces_of_a_long_text_fit_together(
    stacked: AbstractModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    (spec,) = (spec for spec in MODELS if spec.name == "gru-embed")
    model = next(c for c in cases(spec) if c.signature.outputs.next_token).build()
    whole = look(model, "fade" * 5)
    monkeypatch.setattr("zoo_core.runtime.inspection.reading.PIECE", 3)
    pieces = look(model, "fade" * 5)
    assert np.allclose(whole.signal().values, pieces.signal().values, atol=1e-7)
    for symbol, other in zip(whole.symbols[1:], pieces.symbols[1:], strict=True):
        assert symbol.surprise == pytest.approx(other.surprise)


def test_an_inspection_is_json(stacked: AbstractModel) -> None:
    values = look(stacked, top=1).to_json()
    assert [len(signal["values"]) for signal in values["signals"]] == [len(TEXT)] * 12
    assert values["signals"][0]["values"][TEXT.index("?")] is None
    assert {row["name"] for row in values["signals"] if row["kind"] == "state"} == {
        "hidden",
        "cell",
    }
    assert {row["name"] for row in values["correlations"]} <= {"hidden", "cell"}
    assert {row["probe"] for row in values["correlations"]} <= {p["name"] for p in values["probes"]}


@pytest.mark.parametrize(
    ("tokenizer", "symbols", "text", "shown", "known"),
    [
        (WordTokenizer(), ("fox", " the", "."), "The fox.", ["the", " fox", "."], [1, 0, 1]),
        (
            ByteTokenizer(),
            ("f", "<0xC3>", "<0xA9>"),
            "Foé",
            ["f", "o", "<0xC3>", "<0xA9>"],
            [1, 0, 1, 1],
        ),
    ],
)
def test_words_and_bytes_are_symbols_too(
    tokenizer: AbstractTokenizer,
    symbols: tuple[str, ...],
    text: str,
    shown: list[str],
    known: list[int],
) -> None:
    vocabulary = Vocabulary(symbols, tokenizer=tokenizer)
    config = PythonDocsConfig(lowercase=True)
    dataset = TextDataset("owls", config, lambda: "", vocabulary)
    pieces = split_text(dataset, dataset.signature, text)
    assert [piece.text for piece in pieces] == shown
    assert [piece.token is not None for piece in pieces] == [bool(number) for number in known]


def test_a_dataset_that_changes_the_text_shows_what_it_makes_of_it() -> None:
    class Reversing(TextDataset):  # type: ignore[misc]
        def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
            return super().encode(value[::-1], unknown)

    dataset = Reversing("owls", PythonDocsConfig(), lambda: "", DATA.vocabulary)
    pieces = split_text(dataset, dataset.signature, "ab?c")
    assert pieces == [Piece("c", 2), Piece("b", 1), Piece("a", 0)]


def test_a_model_that_writes_its_recurrence_out_is_shown_by_its_state() -> None:
    outputs = Classes(6, per="step", next_token=True)
    signature = Signature(inputs=Tokens(6), outputs=outputs, vocabulary=DATA.vocabulary)
    model = Honest(Plain(), signature).double().eval()
    inspection = look(model)
    assert [(signal.name, signal.is_gate) for signal in inspection.signals] == [("hidden", False)]
    with torch.no_grad():
        state: Any = model(Batch(TOKENS)).state
    assert np.allclose(inspection.signal().values[-1], state[0].hidden[0])


def test_keys_are_guessed_by_name_and_values_are_not_guessed() -> None:
    keys = Keys(3, per="step", names=("do", "re", "mi"))
    vocabulary = DATA.vocabulary
    model = Honest(Plain(), Signature(inputs=Tokens(6), outputs=keys, vocabulary=vocabulary)).eval()
    last = look(model).symbols[-1]
    with torch.no_grad():
        expected = model(Batch(TOKENS)).logits[0, -1].sigmoid().max()
    assert {guess.text for guess in last.guesses} == {"do", "re", "mi"}
    assert last.guesses[0].probability == pytest.approx(expected.item())
    values = Signature(inputs=Tokens(6), outputs=Values(2, per="step"), vocabulary=vocabulary)
    assert look(Honest(Plain(), values).eval()).symbols[-1].guesses == ()


def test_the_quote_unit_of_a_network_is_found() -> None:
    """A unit that an opening quote switches on and a closing one off, among random ones."""
    vocabulary = Vocabulary(tuple(" abcde“”"))
    outputs = Classes(len(vocabulary), per="step", next_token=True)
    signature = Signature(inputs=Tokens(8), outputs=outputs, vocabulary=vocabulary)
    torch.default_generator.manual_seed(1)
    recurrent = Recurrent(RnnCell(6), 8, num_layers=2)
    with torch.no_grad():
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
            recurrent.get_parameter(name)[4] = 0.0
        recurrent.get_parameter("weight_hh_l0")[4, 4] = 4.0
        recurrent.get_parameter("weight_ih_l0")[4, vocabulary.ids["“"]] = 9.0
        recurrent.get_parameter("weight_ih_l0")[4, vocabulary.ids["”"]] = -9.0
    dataset = TextDataset("owls", PythonDocsConfig(), lambda: "", vocabulary)
    model = RecurrentModel(signature, recurrent).eval()
    text = "“a” bad bed “cab bed” dad “ace” add a cab “bed” bead"
    inspection = inspect_text(model, dataset, text, name="owl", top=1)
    (best,) = [row for row in inspection.correlations if row.probe == "inside quotes"]
    assert (best.layer, best.name, best.unit) == (0, "hidden", 4)
    assert best.correlation > 0.99
