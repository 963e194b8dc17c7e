"""Beam search: greedy with a beam of one, exhaustive with a beam of all, and what lies between."""

from __future__ import annotations

import math
from itertools import product
from typing import final

import pytest
import torch
from torch import nn

from zoo_core import Classes, Signature, Tokens
from zoo_core.errors import ConfigError, DeviceError, IntegrityError, MisfitError
from zoo_core.runtime.generation.beam_search import beam_search
from zoo_core.runtime.nn import AbstractModel, Batch, HiddenState, Output, State
from zoo_core.storage import capacity

V, END, LONGEST = 3, 2, 4


@final
class Chain(AbstractModel):
    """A model whose next symbol depends on all before it: h' = tanh(A h + E s), logits W h'."""

    causal = carries_state = True

    def __init__(self, seed: int) -> None:
        super().__init__(Signature(inputs=Tokens(V), outputs=Classes(V, per="step")))
        torch.manual_seed(seed)
        self.embedding = nn.Embedding(V, 4)
        self.recurrent, self.output = nn.Linear(4, 4), nn.Linear(4, V)
        for parameter in self.parameters():
            parameter.data *= 2
        self.calls: list[int] = []

    def initial_state(self, batch_size: int) -> State:
        return (HiddenState(torch.zeros(batch_size, 4, dtype=torch.float64)),)

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        self.calls.append(batch.inputs.numel())
        (hidden,) = (state or self.initial_state(len(batch.inputs)))[0]
        logits = []
        for step in range(batch.inputs.shape[1]):
            hidden = (self.recurrent(hidden) + self.embedding(batch.inputs[:, step])).tanh()
            logits.append(self.output(hidden))
        return Output(torch.stack(logits, dim=1), (HiddenState(hidden),))


def chain(seed: int) -> Chain:
    return Chain(seed).double().eval()


def log_probability(model: Chain, ids: tuple[int, ...]) -> float:
    """Returns the logarithm of the probability of symbols after 0, which begins every sequence."""
    with torch.no_grad():
        logits = model(Batch(torch.tensor([[0, *ids]]))).logits[0, :-1]
    return sum(float(row[symbol]) for row, symbol in zip(logits.log_softmax(-1), ids, strict=True))


def every_sequence() -> list[tuple[int, ...]]:
    """Returns all that end within four symbols, and all that are cut there."""
    others = [symbol for symbol in range(V) if symbol != END]
    ended = [(*begin, END) for length in range(LONGEST) for begin in product(others, repeat=length)]
    return [*ended, *product(others, repeat=LONGEST)]


def starts(rows: int) -> Batch:
    return Batch(torch.zeros(rows, 1, dtype=torch.int64))


@pytest.mark.parametrize("seed", range(8))
def test_a_beam_of_one_is_greedy_decoding(seed: int) -> None:
    model, ids = chain(seed), [0]
    with torch.no_grad():
        while len(ids) <= LONGEST and ids[-1] != END:
            ids.append(int(model(Batch(torch.tensor([ids]))).logits[0, -1].argmax()))
    ((found,),) = beam_search(model, starts(1), beam=1, end=END, max_length=LONGEST)
    assert [0, *found.ids, *([END] if found.ended else [])] == ids
    assert found.log_probability == pytest.approx(log_probability(model, tuple(ids[1:])), abs=1e-9)


@pytest.mark.parametrize("penalty", [0.0, 0.75, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_beam_of_every_sequence_finds_the_best_of_all(seed: int, penalty: float) -> None:
    model = chain(seed)
    scores = {ids: log_probability(model, ids) / len(ids) ** penalty for ids in every_sequence()}
    best = max(scores, key=lambda ids: scores[ids])
    (found,) = beam_search(
        model, starts(1), beam=V**LONGEST, end=END, max_length=LONGEST, length_penalty=penalty
    )
    assert (*found[0].ids, *([END] if found[0].ended else [])) == best
    assert found[0].score == pytest.approx(scores[best], abs=1e-9)
    for one in found:  # whatever else it returns is ranked, and has its own score
        ids = (*one.ids, *([END] if one.ended else []))
        assert one.score == pytest.approx(scores[ids], abs=1e-9)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_a_wider_beam_may_find_a_likelier_sequence_and_never_more_than_its_width() -> None:
    better = 0
    for seed in range(12):
        model = chain(seed)
        ((greedy,),) = beam_search(model, starts(1), beam=1, end=END, max_length=LONGEST)
        (found,) = beam_search(model, starts(1), beam=3, end=END, max_length=LONGEST)
        assert 1 <= len(found) <= 3
        better += found[0].log_probability > greedy.log_probability + 1e-9
    assert better > 0


def test_rows_do_not_depend_on_each_other_and_each_symbol_is_read_once() -> None:
    model = chain(3)
    begins = torch.tensor([[0], [1], [2], [1]])
    together = beam_search(model, Batch(begins), beam=2, end=END, max_length=LONGEST)
    assert model.calls[0] == 4
    assert all(count <= 8 for count in model.calls)
    assert len(model.calls) <= LONGEST
    for row, found in zip(begins, together, strict=True):
        (alone,) = beam_search(model, Batch(row[None]), beam=2, end=END, max_length=LONGEST)
        assert [one.ids for one in alone] == [one.ids for one in found]
        assert [one.score for one in alone] == pytest.approx([one.score for one in found])


def test_what_beam_search_cannot_do_is_refused() -> None:
    model = chain(0)
    with pytest.raises(ConfigError, match=r"beam = 0: expected an integer >= 1"):
        beam_search(model, starts(1), beam=0, end=END, max_length=1)
    with pytest.raises(ConfigError, match=r"answer_length = 0"):
        beam_search(model, starts(1), beam=1, end=END, max_length=0)
    model.output.weight.data.fill_(math.nan)
    with pytest.raises(IntegrityError, match="not finite"):
        beam_search(model, starts(1), beam=1, end=END, max_length=1)
    model.carries_state = False
    with pytest.raises(MisfitError, match="no state"):
        beam_search(model, starts(1), beam=1, end=END, max_length=1)


def test_the_score_divides_by_a_power_of_the_length_with_the_end() -> None:
    model = chain(1)
    (found,) = beam_search(
        model, starts(1), beam=9, end=END, max_length=LONGEST, length_penalty=0.5
    )
    for one in found:
        length = len(one.ids) + one.ended
        assert one.score == pytest.approx(one.log_probability / math.sqrt(length))


def test_of_equally_likely_symbols_the_first_is_taken() -> None:
    model = chain(0)
    model.output.weight.data.zero_()
    model.output.bias.data.zero_()
    for beam in (1, 2):
        (found,) = beam_search(model, starts(3), beam=beam, end=END, max_length=3)[:1]
        assert [one.ids for one in found] == [(0, 0, 0), (0, 0, 1)][:beam]


def test_a_beam_larger_than_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "free_memory", lambda: 200)
    model = chain(2)
    model.output.bias.data[END] = -10
    beam_search(model, starts(1), beam=1, end=END, max_length=LONGEST)  # needs no further memory
    with pytest.raises(DeviceError, match=r"hypotheses would take .* choose a smaller beam"):
        beam_search(model, starts(1), beam=9, end=END, max_length=LONGEST)
