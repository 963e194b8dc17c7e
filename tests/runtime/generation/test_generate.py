"""Generating text symbol by symbol."""

from __future__ import annotations

from itertools import islice
from typing import final

import pytest
import torch
from torch import nn

from zoo_core import Classes, Signature, Tokens, Vocabulary
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.runtime.generation.generate import check_generates, default_prompt, generate
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import AbstractModel, RecurrentModel
from zoo_core.runtime.nn.state import State
from zoo_lstm.configs import LstmEmbedConfig, LstmStackedConfig
from zoo_lstm.models import lstm_embed, lstm_stacked

V = 7
PROMPT = Batch(torch.tensor([[1, 2, 3]]))


def signature(next_token: bool = True) -> Signature:
    """The signature of text over seven symbols."""
    vocabulary = Vocabulary(tuple("abcdefg"))
    return Signature(
        inputs=Tokens(V),
        outputs=Classes(V, per="step", next_token=next_token),
        vocabulary=vocabulary,
    )


@final
class Windowed(AbstractModel):
    """A causal model without state, which needs three symbols and predicts the last plus one."""

    causal, carries_state = True, False
    window: int | None = 3

    def __init__(self) -> None:
        super().__init__(signature())
        self.fed: list[list[int]] = []

    def initial_state(self, batch_size: int) -> State | None:
        """Returns None."""
        return None

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Records its inputs."""
        self.fed.append(batch.inputs[0].tolist())
        following = (batch.inputs + 1) % V
        return Output(nn.functional.one_hot(following, V).float(), None)


@pytest.fixture
def model() -> RecurrentModel:
    """An untrained model whose text is far from uniform."""
    torch.manual_seed(0)
    network = lstm_embed(LstmEmbedConfig(hidden_size=9, num_layers=2), signature())
    for parameter in network.parameters():
        parameter.data *= 3
    return network.eval()


def test_greedy_text_is_that_of_the_whole_sequence_fed_again(model: RecurrentModel) -> None:
    generated = list(islice(generate(model, PROMPT, Sampler(temperature=0)), 30))
    ids = PROMPT.inputs
    for _ in range(30):
        following = model(Batch(ids)).logits[0, -1].argmax().reshape(1, 1)
        ids = torch.cat([ids, following], dim=1)
    assert generated == ids[0, 3:].tolist()


def test_text_has_no_end_and_depends_on_the_seed_alone(model: RecurrentModel) -> None:
    first, again, other = (
        list(islice(generate(model, PROMPT, Sampler(seed=seed)), 200)) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert set(first) == set(range(V))


def test_a_longer_text_begins_like_a_shorter_one(model: RecurrentModel) -> None:
    short, long = (list(islice(generate(model, PROMPT, Sampler()), n)) for n in (10, 40))
    assert long[:10] == short


def test_the_prompt_decides_the_text(model: RecurrentModel) -> None:
    other = Batch(torch.tensor([[4, 5, 6]]))
    first, second = (list(islice(generate(model, p, Sampler()), 40)) for p in (PROMPT, other))
    assert first != second


def test_the_precision_applies_to_the_model_and_not_to_the_caller(model: RecurrentModel) -> None:
    seen: list[bool] = []
    model.output.register_forward_hook(
        lambda *_: seen.append(torch.is_autocast_enabled("cpu"))  # and returns None
    )
    for precision, rounds in (("fp32", False), ("bf16", True)):
        for _ in islice(generate(model, PROMPT, Sampler(), precision), 3):
            assert not torch.is_autocast_enabled("cpu")
        assert set(seen) == {rounds}
        seen.clear()


def test_an_unknown_precision_is_refused(model: RecurrentModel) -> None:
    with pytest.raises(ConfigError, match="precision = 'fp8': expected fp32, bf16 or int8"):
        next(generate(model, PROMPT, Sampler(), "fp8"))


def test_a_model_without_state_is_fed_its_window_every_time() -> None:
    model = Windowed()
    assert list(islice(generate(model, PROMPT, Sampler(0)), 3)) == [4, 5, 6]
    assert model.fed == [[1, 2, 3], [2, 3, 4], [3, 4, 5]]


def test_a_model_without_state_is_fed_the_end_of_a_long_prompt() -> None:
    model = Windowed()
    prompt = Batch(torch.tensor([[0, 4, 1, 2, 3]]))
    assert list(islice(generate(model, prompt, Sampler(0)), 2)) == [4, 5]
    assert model.fed == [[1, 2, 3], [2, 3, 4]]


@pytest.mark.parametrize(
    ("symbols", "start"),
    [
        (("a", " ", "\n"), 2),
        (("a", "b", " "), 2),
        (("<unk>", "a", "b"), 1),
        (("<unk>", "<end>"), 0),
    ],
)
def test_a_text_without_a_prompt_begins_with_a_symbol_of_the_vocabulary(
    model: RecurrentModel, symbols: tuple[str, ...], start: int
) -> None:
    vocabulary = Vocabulary(symbols)
    assert default_prompt(model, vocabulary).inputs.tolist() == [[start]]
    assert default_prompt(Windowed(), vocabulary).inputs.tolist() == [[start] * 3]


def test_a_prompt_shorter_than_the_window_is_refused() -> None:
    with pytest.raises(MisfitError, match=r"the prompt has 2 symbols, expected >= 3"):
        next(generate(Windowed(), Batch(torch.tensor([[1, 2]])), Sampler()))


def test_an_empty_prompt_is_refused(model: RecurrentModel) -> None:
    with pytest.raises(MisfitError, match=r"the prompt has 0 symbols, expected >= 1"):
        next(generate(model, Batch(torch.empty(1, 0, dtype=torch.long)), Sampler()))


@pytest.mark.parametrize(("ids", "wrong"), [([1, -1], -1), ([1, V], V), ([-2, 9], -2)])
def test_a_prompt_of_other_ids_than_those_of_the_symbols_is_refused(
    model: RecurrentModel, ids: list[int], wrong: int
) -> None:
    with pytest.raises(MisfitError, match=f"has the symbol {wrong}, expected 0 to {V - 1}"):
        next(generate(model, Batch(torch.tensor([ids])), Sampler()))


def test_a_model_without_state_or_window_is_fed_the_whole_text() -> None:
    whole = Windowed()
    whole.window = None
    assert list(islice(generate(whole, PROMPT, Sampler(temperature=0)), 3)) == [4, 5, 6]
    assert whole.fed == [[1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5]]


def test_a_model_that_predicts_something_else_is_refused() -> None:
    other = lstm_embed(LstmEmbedConfig(hidden_size=3), signature(next_token=False))
    with pytest.raises(MisfitError, match="does not predict the next symbol"):
        check_generates(other)


def test_a_model_that_looks_ahead_is_refused() -> None:
    ahead = lstm_stacked(LstmStackedConfig(hidden_size=3, bidirectional=True), signature())
    with pytest.raises(MisfitError, match="does not predict the next symbol"):
        check_generates(ahead)
