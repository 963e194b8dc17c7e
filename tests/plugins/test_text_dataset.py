"""A text as a dataset: splits, windows, vocabulary, fingerprint."""

from __future__ import annotations

import hashlib
from itertools import chain
from typing import Any, NoReturn

import pytest
import torch

from tests.plugins.texts import LETTERS, same, targets_of, text_dataset
from zoo_core import Tokens, Unknown, Vocabulary
from zoo_core.errors import DataError
from zoo_core.runtime.nn.batch import Output
from zoo_text.configs import AbstractTextConfig
from zoo_text.dataset import TextDataset

TEXT = LETTERS * 20
SPLITS = ("train", "validation", "test")


def no_data() -> NoReturn:
    """The data is not at hand."""
    raise DataError("no data here")


def decoded(dataset: TextDataset, split: str) -> str:
    """The text of a split."""
    return dataset.vocabulary.decode(dataset.split_tokens(split).tolist())


@pytest.mark.parametrize(("validation", "test"), [(0.1, 0.1), (0.25, 0.05), (0.333, 0.3)])
def test_splits_lie_one_after_the_other_and_do_not_overlap(validation: float, test: float) -> None:
    dataset = text_dataset(TEXT, validation=validation, test=test)
    parts = [decoded(dataset, split) for split in SPLITS]
    assert "".join(parts) == TEXT
    assert [len(part) for part in parts[1:]] == pytest.approx([520 * validation, 520 * test], abs=1)


def test_a_split_without_a_share_is_none() -> None:
    dataset = text_dataset(TEXT, test=0.0)
    assert dataset.splits == ("train", "validation")
    with pytest.raises(DataError, match=r"has no split 'test'; it has train, validation"):
        dataset.split_tokens("test")


def test_shares_that_leave_nothing_are_refused_with_the_numbers() -> None:
    with pytest.raises(DataError, match=r"validation \+ test = 0\.6 \+ 0\.4 leaves nothing"):
        text_dataset(TEXT, validation=0.6, test=0.4)


def test_the_signature_is_the_next_of_the_sorted_symbols() -> None:
    signature = text_dataset("banana\n" * 30).signature
    assert signature.vocabulary == Vocabulary(("\n", "a", "b", "n"))
    assert signature.inputs == Tokens(4)
    assert (signature.classes, signature.per, signature.next_symbol) == (4, "step", True)


def test_the_fingerprint_is_the_sha256_of_the_text() -> None:
    text = "Grüße, 世界\n" * 30
    assert text_dataset(text).fingerprint == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("sampling", ["sequential", "random"])
@pytest.mark.parametrize("split", SPLITS)
def test_batches_are_a_pure_function_of_their_arguments(sampling: str, split: str) -> None:
    first, second = (text_dataset(TEXT, steps=5, sampling=sampling) for _ in range(2))
    torch.manual_seed(0)
    whole = list(first.batches(split, 4, seed=7, epoch=2))
    torch.manual_seed(1)
    assert same(list(second.batches(split, 4, seed=7, epoch=2)), whole)
    for start in range(len(whole) + 1):
        assert same(list(second.batches(split, 4, seed=7, epoch=2, start=start)), whole[start:])


@pytest.mark.parametrize("sampling", ["sequential", "random"])
def test_batches_change_with_epoch_and_seed(sampling: str) -> None:
    dataset = text_dataset(TEXT, steps=16, sampling=sampling)
    seen = [
        list(dataset.batches("train", 4, seed, epoch)) for seed, epoch in [(0, 1), (0, 2), (5, 1)]
    ]
    assert not same(seen[0], seen[1])
    assert not same(seen[0], seen[2])


@pytest.mark.parametrize("sampling", ["sequential", "random"])
@pytest.mark.parametrize("epoch", [0, 1, 2, 3])
def test_the_count_is_how_many_batches_come(sampling: str, epoch: int) -> None:
    dataset = text_dataset(TEXT, steps=9, sampling=sampling)
    count = dataset.batch_count("train", 4, seed=0, epoch=epoch)
    assert count == len(list(dataset.batches("train", 4, seed=0, epoch=epoch)))


def test_evaluation_is_without_randomness() -> None:
    dataset = text_dataset(TEXT, steps=9, sampling="random")
    first, other = (list(dataset.batches("test", 4, seed, epoch=0)) for seed in (0, 1))
    assert same(first, other)


@pytest.mark.parametrize(
    ("sampling", "size", "said"),
    [
        (
            "sequential",
            8,
            r"has 6 .* needs 9 \(batch size \+ 1\); .*--trainer.batch-size in training",
        ),
        ("random", 1, r"split test has 6 symbols, one batch needs 13; .* or a smaller --dataset"),
    ],
)
def test_too_little_text_is_refused_with_the_numbers(sampling: str, size: int, said: str) -> None:
    dataset = text_dataset(LETTERS * 2, steps=12, sampling=sampling)
    with pytest.raises(DataError, match=said):
        dataset.batches("test", size, seed=0, epoch=0)


@pytest.mark.parametrize(("sampling", "size"), [("sequential", 90), ("random", 4)])
def test_an_offset_never_leaves_less_than_a_batch(sampling: str, size: int) -> None:
    dataset = text_dataset("abcde" * 20, steps=64, sampling=sampling, validation=0, test=0)
    counts = {dataset.batch_count("train", size, seed=0, epoch=epoch) for epoch in range(40)}
    assert counts == {1}


def test_a_random_split_without_a_window_is_refused() -> None:
    how: dict[str, Any] = {"steps": 4, "stride": 40, "sampling": "random", "split": "random"}
    with pytest.raises(DataError, match="too few windows for split validation to get one"):
        text_dataset("abcdef" * 10, **how).batch_count("validation", 4, seed=0, epoch=0)


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(DataError, match="letters: the text is empty"):
        _ = text_dataset("").signature


def test_a_given_vocabulary_wins() -> None:
    given = Vocabulary((*"zyx", *LETTERS[:-3]))
    dataset = text_dataset(TEXT, given)
    assert dataset.signature.vocabulary == given
    assert dataset.encode("zyx").inputs.tolist() == [[0, 1, 2]]
    assert decoded(dataset, "train") == TEXT[:416]


def test_with_a_vocabulary_no_data_is_needed_to_encode_and_decode() -> None:
    dataset = TextDataset("gone", AbstractTextConfig(), no_data, Vocabulary(("a", "b")))
    assert dataset.encode("abba").inputs.tolist() == [[0, 1, 1, 0]]
    assert dataset.decode(Output(torch.eye(2)[[1, 0]].unsqueeze(0), None)) == "ba"
    assert dataset.signature.classes == 2
    with pytest.raises(DataError, match="no data here"):
        dataset.batches("train", 1, seed=0, epoch=1)


def test_text_with_symbols_that_a_given_vocabulary_lacks_is_refused() -> None:
    dataset = text_dataset("abcabc" * 20, Vocabulary(("a", "b")))
    with pytest.raises(DataError, match=r"lacks: 'c' \(40×\)"):
        dataset.batches("train", 1, seed=0, epoch=1)


def test_unknown_symbols_may_be_skipped_or_replaced() -> None:
    dataset = text_dataset("abc" * 40)
    assert dataset.encode("a?b", Unknown("skip")).inputs.tolist() == [[0, 1]]
    assert dataset.encode("a?b", Unknown("replace", "c")).inputs.tolist() == [[0, 2, 1]]
    with pytest.raises(DataError, match="an empty input"):
        dataset.encode("???", Unknown("skip"))


def test_the_limit_cuts_the_text_and_not_the_vocabulary() -> None:
    dataset = text_dataset("abc" * 10 + "xyz", limit=20)
    assert dataset.text == ("abc" * 10)[:20]
    assert dataset.vocabulary == Vocabulary(tuple("abcxyz"))
    assert dataset.fingerprint != text_dataset("abc" * 10 + "xyz").fingerprint


def test_lower_case_holds_for_the_text_and_for_what_a_person_types() -> None:
    dataset = text_dataset("Abba" * 10, lowercase=True)
    assert dataset.vocabulary == Vocabulary(("a", "b"))
    assert dataset.encode("BA").inputs.tolist() == [[1, 0]]


def windows_of(dataset: TextDataset, split: str) -> list[str]:
    """The windows of a split with the symbols after them, in the text's own order."""
    found = []
    for batch in dataset.batches(split, 7, seed=0, epoch=0):
        whole = torch.cat([batch.inputs, targets_of(batch)[:, -1:]], dim=1)
        found += [dataset.vocabulary.decode(row) for row in whole.tolist()]
    return found


def test_a_random_split_shares_out_every_window_once() -> None:
    text = "".join(chr(0x4E00 + index) for index in range(300))  # no two windows are alike
    dataset = text_dataset(text, steps=5, stride=1, sampling="random", split="random")
    parts = {split: windows_of(dataset, split) for split in SPLITS}
    every = [text[start : start + 6] for start in range(295)]
    assert sorted(chain.from_iterable(parts.values())) == sorted(every)
    assert [len(parts[split]) for split in SPLITS] == pytest.approx([236, 29.5, 29.5], abs=1)
    assert parts["validation"] != every[236 : 236 + len(parts["validation"])]


def test_a_random_split_is_the_same_whatever_the_seed() -> None:
    dataset = text_dataset(TEXT, steps=5, sampling="random", split="random")
    seen = [
        {
            tuple(row)
            for batch in dataset.batches("train", 4, seed, 1)
            for row in batch.inputs.tolist()
        }
        for seed in (0, 1)
    ]
    assert seen[0] == seen[1]


@pytest.mark.parametrize("steps", [5, 8])
def test_a_label_per_window_is_the_symbol_after_it(steps: int) -> None:
    dataset = text_dataset(TEXT, steps=steps, sampling="random", per="sequence")
    assert dataset.signature.per == "sequence"
    for batch in dataset.batches("train", 4, seed=0, epoch=1):
        after = (batch.inputs[:, -1] + 1) % 26
        assert torch.equal(targets_of(batch), after)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"stride": 3}, "stride = 3"),
        ({"per": "sequence"}, "per = sequence"),
        ({"split": "random"}, "split = random"),
    ],
)
def test_rows_that_go_on_need_whole_windows(how: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=f"letters: {said} needs --dataset.sampling random"):
        text_dataset(TEXT, steps=5, **how)


def test_the_offset_stays_below_the_stride() -> None:
    text = "".join(chr(0x4E00 + index) for index in range(300))
    dataset = text_dataset(text, steps=5, stride=1, sampling="random")
    begins = {
        min(batch.inputs[:, 0].min().item() for batch in dataset.batches("train", 7, 0, epoch))
        for epoch in range(1, 9)
    }
    assert begins == {0}


def test_the_example_is_the_first_word() -> None:
    assert text_dataset("  once upon a time\n" * 9).example == "once"
