"""Several texts at once: none depends on the others."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import NamedTuple, final

import pytest
import torch
from torch import Tensor, nn

from zoo_core import Classes, Signature, Tokens, Vocabulary, create_model
from zoo_core.errors import IntegrityError, MisfitError
from zoo_core.runtime.generation.generate import generate
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.generation.text_rows import PIECE, ROWS, TextRow, TextRows
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.state import State

V = 7
SIGNATURE = Signature(
    inputs=Tokens(V),
    outputs=Classes(V, per="step", next_token=True),
    vocabulary=Vocabulary(tuple("abcdefg")),
)
OF_WINDOWS = replace(SIGNATURE, outputs=Classes(V, per="sequence", next_token=True))
MODELS = ("lstm-embed", "gru-stacked", "rnn-embed", "char-three", "char-rnn")


class Asked(NamedTuple):
    """A text: its prompt, its seed, and the step in which it is added."""

    prompt: list[int]
    seed: int
    step: int = 0


ASKED = [Asked([seed % V, 1, 2, *range(seed % 4)], seed, seed // 5) for seed in range(ROWS + 3)]
"""More texts than a block has rows, with prompts of several lengths, one after another."""


@final
class Whole(AbstractModel):
    """A causal model that reads the whole text each time; it predicts the sum of its symbols."""

    causal, carries_state = True, False

    def __init__(self) -> None:
        super().__init__(SIGNATURE)

    def initial_state(self, batch_size: int) -> State | None:
        """Returns None."""
        return None

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Tokens (B, T) to logits (B, 1, V)."""
        total = batch.inputs.sum(1)
        return Output(nn.functional.one_hot(total % V, V).double()[:, None], None)


def make(name: str) -> AbstractModel:
    """An untrained model."""
    signature = OF_WINDOWS if name.startswith("char") else SIGNATURE
    return create_model(name, signature=signature, seed=1).eval()


def texts(model: AbstractModel, asked: list[Asked], length: int) -> list[list[int]]:
    """The texts, generated together."""
    rows = TextRows(model)
    names = dict[TextRow, int]()
    found = [list[int]() for _ in asked]
    step = 0
    while names or step <= max(one.step for one in asked):
        for index, one in enumerate(asked):
            if one.step == step:
                row = rows.add(torch.tensor(one.prompt), Sampler(seed=one.seed))
                names[row] = index
        for row, symbol in rows.step():
            assert isinstance(symbol, int)
            found[names[row]].append(symbol)
            if len(found[names[row]]) == length:
                rows.remove(row)
                del names[row]
        step += 1
    assert not len(rows)
    return found


@pytest.mark.parametrize("name", MODELS)
def test_a_text_is_the_same_alone_and_among_others(name: str) -> None:
    model = make(name)
    together = texts(model, ASKED, 8)
    for one, text in list(zip(ASKED, together, strict=True))[::5]:
        assert text == texts(model, [one._replace(step=0)], 8)[0]
    assert len({tuple(text) for text in together}) > ROWS // 2


@pytest.mark.parametrize("name", MODELS)
def test_a_text_is_that_of_generate(name: str) -> None:
    model = make(name).double()  # in which two ways of adding up draw the same
    for one, text in zip(ASKED[:4], texts(model, ASKED[:4], 12), strict=True):
        alone = generate(model, Batch(torch.tensor([one.prompt])), Sampler(seed=one.seed))
        assert text == list(islice(alone, 12))


def test_a_long_prompt_is_read_in_pieces_and_does_not_stop_the_others() -> None:
    model = make("gru-embed").double()
    prompt = torch.arange(2 * PIECE + 5) % V
    rows = TextRows(model)
    short = rows.add(prompt[:3], Sampler())
    long = rows.add(prompt, Sampler(seed=5))
    steps = [[row for row, _ in rows.step()] for _ in range(4)]
    assert steps == [[short], [short], [short, long], [short, long]]
    (expected,) = islice(generate(model, Batch(prompt[None]), Sampler(seed=5)), 1)
    again = TextRows(model)
    again.add(prompt, Sampler(seed=5))
    drawn = [again.step() for _ in range(3)]
    assert [symbol for step in drawn for _, symbol in step] == [expected]


def test_a_model_that_reads_the_whole_text_is_asked_for_one_row_at_a_time() -> None:
    rows = TextRows(Whole())
    assert rows.sizes == (1,)
    first, second = (rows.add(torch.tensor([symbol]), Sampler(temperature=0)) for symbol in (1, 2))
    steps = [dict(rows.step()) for _ in range(3)]
    assert [step[first] for step in steps] == [1, 2, 4]
    assert [step[second] for step in steps] == [2, 4, 1]


def test_a_model_whose_rows_change_each_other_is_given_one_at_a_time() -> None:
    model = make("rnn-embed")
    model.output = Mixed(model.output)
    assert TextRows(model).sizes == (1,)


@final
class Mixed(nn.Module):
    """A layer that adds the mean of all rows."""

    def __init__(self, inner: object) -> None:
        super().__init__()
        assert isinstance(inner, nn.Module)
        self.inner = inner

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, T, H) to (B, T, V)."""
        outputs: Tensor = self.inner(inputs)
        return outputs + outputs.mean(0)


def test_a_removed_text_is_not_computed_any_more() -> None:
    rows = TextRows(make("lstm-embed"))
    first, second = (rows.add(torch.tensor([1]), Sampler(seed=seed)) for seed in (1, 2))
    rows.step()
    rows.remove(first)
    assert len(rows) == 1
    assert [row for row, _ in rows.step()] == [second]
    rows.remove(second)
    assert rows.step() == []


def test_logits_that_are_not_finite_end_their_text() -> None:
    model = make("lstm-embed")
    rows = TextRows(model)
    rows.add(torch.tensor([1]), Sampler())
    rows.step()
    with torch.no_grad():
        model.get_parameter("output.bias").fill_(float("nan"))
    ((_, error),) = rows.step()
    assert isinstance(error, IntegrityError)
    assert not len(rows)


def test_a_prompt_shorter_than_the_window_is_refused() -> None:
    with pytest.raises(MisfitError, match="the prompt has 2 symbols, expected >= 3"):
        TextRows(make("char-three")).add(torch.tensor([1, 2]), Sampler())
