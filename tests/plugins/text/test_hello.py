"""The hello dataset: one word and its answer."""

from __future__ import annotations

import pytest
import torch

from zoo_core import Tokens, Unknown, Vocabulary
from zoo_core.errors import DataError
from zoo_core.runtime.nn.batch import Output
from zoo_text.configs import HelloConfig
from zoo_text.hello import HelloDataset

LOGITS = torch.eye(4)[[3, 1, 2, 3, 2]].unsqueeze(0)
"""The likeliest ids 3 1 2 3 2: o h l o l."""


@pytest.fixture
def hello() -> HelloDataset:
    return HelloDataset(HelloConfig(), None)


def test_hello_has_four_symbols_sorted(hello: HelloDataset) -> None:
    assert hello.vocabulary.symbols == ("e", "h", "l", "o")
    assert hello.signature.inputs == Tokens(4)
    assert (hello.signature.outputs.size, hello.signature.outputs.per) == (4, "step")
    assert not hello.signature.outputs.next_token


def test_hello_is_one_batch_of_one_row_of_five_steps(hello: HelloDataset) -> None:
    (batch,) = hello.batches("train", 32, seed=0, epoch=1)
    assert hello.batch_count("train", 32, seed=0, epoch=1) == 1
    assert batch.inputs.tolist() == [[1, 0, 2, 2, 3]]
    assert batch.targets is not None
    assert batch.targets.tolist() == [[3, 1, 2, 3, 2]]
    assert not batch.carry


def test_a_later_start_skips_the_only_batch(hello: HelloDataset) -> None:
    assert list(hello.batches("train", 32, seed=0, epoch=1, start=1)) == []


def test_hello_has_only_a_train_split(hello: HelloDataset) -> None:
    assert hello.splits == ("train",)


def test_a_word_is_encoded_and_an_answer_decoded(hello: HelloDataset) -> None:
    assert hello.encode("hole").inputs.tolist() == [[1, 3, 2, 0]]
    assert hello.decode(Output(LOGITS, None)) == "ohlol"


def test_unknown_symbols_are_listed(hello: HelloDataset) -> None:
    with pytest.raises(DataError, match=r"lacks: 'w' \(1×\).*--unknown skip"):
        hello.encode("whole")
    assert hello.encode("whole", Unknown("skip")).inputs.shape == (1, 4)


@pytest.mark.parametrize(("word", "answer"), [("zhz", "ohl"), ("heh", "ozo"), ("zhe", "hez")])
def test_unknown_symbols_of_the_data_are_not_skipped(word: str, answer: str) -> None:
    vocabulary = Vocabulary(tuple("ehlo"), Unknown("skip"))
    dataset = HelloDataset(HelloConfig(word=word, answer=answer), vocabulary)
    with pytest.raises(DataError, match="cannot be skipped, because every symbol has its label"):
        list(dataset.batches("train", 1, seed=0, epoch=0))


def test_an_empty_word_is_an_error(hello: HelloDataset) -> None:
    with pytest.raises(DataError, match="an empty input"):
        hello.encode("")


def test_word_and_answer_can_be_chosen_and_change_the_fingerprint(hello: HelloDataset) -> None:
    other = HelloDataset(HelloConfig(word="abc", answer="cab"), None)
    assert other.vocabulary.symbols == ("a", "b", "c")
    assert other.example == "abc"
    assert other.fingerprint != hello.fingerprint


@pytest.mark.parametrize(("word", "answer"), [("hello", "ohl"), ("", ""), ("a", "")])
def test_an_answer_of_another_length_is_an_error_with_both(word: str, answer: str) -> None:
    with pytest.raises(
        DataError,
        match=f"'{word}' has the length {len(word)}, .*'{answer}' the length {len(answer)};",
    ):
        HelloDataset(HelloConfig(word=word, answer=answer), None)


def test_the_vocabulary_of_a_checkpoint_replaces_that_of_the_word() -> None:
    vocabulary = Vocabulary(tuple("olhe"))
    dataset = HelloDataset(HelloConfig(), vocabulary)
    assert dataset.signature.vocabulary == vocabulary
    assert dataset.encode("hello").inputs.tolist() == [[2, 3, 1, 1, 0]]
