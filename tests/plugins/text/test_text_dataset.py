"""A text as a dataset: splits, windows, vocabulary, fingerprint."""

from __future__ import annotations

import hashlib
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

import pytest
import torch

from tests.plugins.text.texts import LETTERS, same_batches, targets_of, text_dataset
from zoo_core import Classes, Tokens, Unknown, Vocabulary
from zoo_core.errors import DataError
from zoo_core.runtime.nn.batch import Output
from zoo_text.configs import AbstractTextConfig, TextConfig
from zoo_text.dataset import TextDataset
from zoo_text.textfile import text_file

TEXT = LETTERS * 20
SPLITS = ("train", "validation", "test")


def no_data() -> NoReturn:
    """Fails like a text that cannot be read."""
    raise DataError("no data here")


def decoded(dataset: TextDataset, split: str) -> str:
    """Returns the text of a split."""
    return dataset.vocabulary.decode(dataset.split_tokens(split).tolist())


@pytest.mark.parametrize(("validation", "test"), [(0.1, 0.1), (0.25, 0.05), (0.333, 0.3)])
def test_splits_follow_one_another_without_overlap(validation: float, test: float) -> None:
    dataset = text_dataset(TEXT, validation=validation, test=test)
    texts = [decoded(dataset, split) for split in SPLITS]
    assert "".join(texts) == TEXT
    assert [len(text) for text in texts[1:]] == pytest.approx([520 * validation, 520 * test], abs=1)


def test_a_split_of_fraction_zero_does_not_exist() -> None:
    dataset = text_dataset(TEXT, test=0.0)
    assert dataset.splits == ("train", "validation")
    with pytest.raises(DataError, match=r"has no split 'test'; it has train, validation"):
        dataset.split_tokens("test")


def test_fractions_that_leave_nothing_to_train_on_are_an_error_with_both() -> None:
    with pytest.raises(DataError, match=r"validation \+ test = 0\.6 \+ 0\.4 leaves nothing"):
        text_dataset(TEXT, validation=0.6, test=0.4)


def test_the_signature_predicts_the_next_of_the_sorted_symbols() -> None:
    signature = text_dataset("banana\n" * 30).signature
    assert signature.vocabulary == Vocabulary(("\n", "a", "b", "n"))
    assert signature.inputs == Tokens(4)
    assert signature.outputs == Classes(4, per="step", next_token=True)


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
    assert same_batches(list(second.batches(split, 4, seed=7, epoch=2)), whole)
    for start in range(len(whole) + 1):
        assert same_batches(
            list(second.batches(split, 4, seed=7, epoch=2, start=start)), whole[start:]
        )


@pytest.mark.parametrize("sampling", ["sequential", "random"])
def test_batches_change_with_epoch_and_seed(sampling: str) -> None:
    dataset = text_dataset(TEXT, steps=16, sampling=sampling)
    first, other_epoch, other_seed = (
        list(dataset.batches("train", 4, seed, epoch)) for seed, epoch in [(0, 1), (0, 2), (5, 1)]
    )
    assert not same_batches(first, other_epoch)
    assert not same_batches(first, other_seed)


@pytest.mark.parametrize("sampling", ["sequential", "random"])
@pytest.mark.parametrize("epoch", [0, 1, 2, 3])
def test_the_count_is_the_number_of_batches(sampling: str, epoch: int) -> None:
    dataset = text_dataset(TEXT, steps=9, sampling=sampling)
    count = dataset.batch_count("train", 4, seed=0, epoch=epoch)
    assert count == len(list(dataset.batches("train", 4, seed=0, epoch=epoch)))


def test_evaluation_does_not_depend_on_the_seed() -> None:
    dataset = text_dataset(TEXT, steps=9, sampling="random")
    first, other = (list(dataset.batches("test", 4, seed, epoch=0)) for seed in (0, 1))
    assert same_batches(first, other)


@pytest.mark.parametrize(
    ("sampling", "size", "message"),
    [
        (
            "sequential",
            8,
            r"has 5 .* needs 9 \(batch size \+ 1\); .*--trainer.batch-size",
        ),
        ("random", 1, r"split train has 5 symbols, one batch needs 13; .* or a smaller --dataset"),
    ],
)
def test_too_short_a_split_is_an_error_with_the_numbers(
    sampling: str, size: int, message: str
) -> None:
    dataset = text_dataset("abcde", steps=12, sampling=sampling, validation=0, test=0)
    with pytest.raises(DataError, match=message):
        dataset.batches("train", size, seed=0, epoch=1)


@pytest.mark.parametrize(
    ("sampling", "per"),
    [
        ("sequential", "step"),
        ("sequential", "sequence"),
        ("random", "step"),
        ("random", "sequence"),
    ],
)
def test_evaluation_takes_a_text_shorter_than_a_window_or_a_batch(sampling: str, per: str) -> None:
    dataset = text_dataset("abcde", steps=9, sampling=sampling, per=per, validation=0, test=0)
    batches = list(dataset.batches("train", 32, seed=0, epoch=0))
    assert dataset.batch_count("train", 32, seed=0, epoch=0) == len(batches)
    predicted = []
    for batch in batches:
        assert batch.targets is not None
        predicted += batch.targets.flatten().tolist()
    is_one_window = (sampling, per) == ("random", "sequence")
    assert predicted == ([4] if is_one_window else [1, 2, 3, 4])


def test_evaluation_of_a_split_without_two_symbols_names_the_setting() -> None:
    dataset = text_dataset("abcde")
    message = "validation has 0 symbols, evaluation needs 2; .* --dataset.validation 0"
    with pytest.raises(DataError, match=message):
        dataset.batch_count("validation", 4, seed=0, epoch=0)
    with pytest.raises(DataError, match="train has 1 symbol, evaluation needs 2; give more text"):
        text_dataset("a", validation=0, test=0).batch_count("train", 4, seed=0, epoch=0)


@pytest.mark.parametrize("length", [60, 65, 70])
@pytest.mark.parametrize(
    "settings",
    [
        {"sampling": "sequential"},
        {"sampling": "random"},
        {"sampling": "random", "stride": 3},
        {"sampling": "random", "stride": 3, "split": "random"},
    ],
    ids=str,
)
def test_batches_of_many_epochs_are_counted_without_being_made(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], length: int
) -> None:
    dataset = text_dataset(TEXT[:length], steps=5, test=0, validation=0.2, **settings)
    expected = {
        split: sum(len(list(dataset.batches(split, 4, 0, epoch))) for epoch in range(1, 30))
        for split in dataset.splits
    }
    monkeypatch.setattr("zoo_text.dataset.sliding_windows", None)
    monkeypatch.setattr("zoo_text.dataset.long_fixed_order", None)
    for split, count in expected.items():
        assert dataset.total_batch_count(split, 4, 0, epochs=29) == count


@pytest.mark.parametrize(("sampling", "size"), [("sequential", 90), ("random", 4)])
def test_an_offset_never_leaves_less_than_a_batch(sampling: str, size: int) -> None:
    dataset = text_dataset("abcde" * 20, steps=64, sampling=sampling, validation=0, test=0)
    counts = {dataset.batch_count("train", size, seed=0, epoch=epoch) for epoch in range(40)}
    assert counts == {1}


def test_a_random_split_without_a_window_is_an_error() -> None:
    dataset = text_dataset("abcdef" * 10, steps=4, stride=40, sampling="random", split="random")
    with pytest.raises(DataError, match="too few windows for split validation to get one"):
        dataset.batch_count("validation", 4, seed=0, epoch=0)


def test_an_empty_text_is_an_error() -> None:
    with pytest.raises(DataError, match="letters: the text is empty"):
        _ = text_dataset("").signature
    with pytest.raises(DataError, match="letters: the text is empty"):
        text_dataset("", Vocabulary(("a",))).batch_count("train", 1, seed=0, epoch=0)


def test_the_vocabulary_of_a_checkpoint_replaces_that_of_the_text() -> None:
    vocabulary = Vocabulary((*"zyx", *LETTERS[:-3]))
    dataset = text_dataset(TEXT, vocabulary)
    assert dataset.signature.vocabulary == vocabulary
    assert dataset.encode("zyx").inputs.tolist() == [[0, 1, 2]]
    assert decoded(dataset, "train") == TEXT[:416]


def test_with_a_vocabulary_no_data_is_needed_to_encode_and_decode() -> None:
    dataset = TextDataset("missing", AbstractTextConfig(), no_data, Vocabulary(("a", "b")))
    assert dataset.encode("abba").inputs.tolist() == [[0, 1, 1, 0]]
    assert dataset.decode(Output(torch.eye(2)[[1, 0]].unsqueeze(0), None)) == "ba"
    assert dataset.signature.outputs.size == 2
    with pytest.raises(DataError, match="no data here"):
        dataset.batches("train", 1, seed=0, epoch=1)


def test_symbols_that_the_vocabulary_of_a_checkpoint_lacks_are_an_error() -> None:
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


def test_lowercase_applies_to_the_text_and_to_typed_input() -> None:
    dataset = text_dataset("Abba" * 10, lowercase=True)
    assert dataset.vocabulary == Vocabulary(("a", "b"))
    assert dataset.encode("BA").inputs.tolist() == [[1, 0]]


def windows_of(dataset: TextDataset, split: str) -> list[str]:
    """Returns the windows of a split with the symbols after them, in the order of the text."""
    windows = []
    for batch in dataset.batches(split, 7, seed=0, epoch=0):
        tokens = torch.cat([batch.inputs, targets_of(batch)[:, -1:]], dim=1)
        windows += [dataset.vocabulary.decode(row) for row in tokens.tolist()]
    return windows


def test_random_splits_have_every_window_once() -> None:
    text = "".join(chr(0x4E00 + index) for index in range(300))  # no two windows are alike
    dataset = text_dataset(text, steps=5, stride=1, sampling="random", split="random")
    windows = {split: windows_of(dataset, split) for split in SPLITS}
    every = [text[start : start + 6] for start in range(295)]
    assert sorted(chain.from_iterable(windows.values())) == sorted(every)
    assert [len(windows[split]) for split in SPLITS] == pytest.approx([236, 29.5, 29.5], abs=1)
    assert windows["validation"] != every[236 : 236 + len(windows["validation"])]


def test_a_random_split_does_not_depend_on_the_seed() -> None:
    dataset = text_dataset(TEXT, steps=5, sampling="random", split="random")
    first, other = (
        {
            tuple(row)
            for batch in dataset.batches("train", 4, seed, 1)
            for row in batch.inputs.tolist()
        }
        for seed in (0, 1)
    )
    assert first == other


@pytest.mark.parametrize("steps", [5, 8])
@pytest.mark.parametrize("epoch", [0, 1])
def test_a_label_per_window_is_the_symbol_after_it(steps: int, epoch: int) -> None:
    dataset = text_dataset(TEXT, steps=steps, sampling="random", per="sequence")
    assert dataset.signature.outputs.per == "sequence"
    for batch in dataset.batches("train", 4, seed=0, epoch=epoch):
        after = (batch.inputs[:, -1] + 1) % 26
        assert torch.equal(targets_of(batch), after)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stride": 3}, "stride = 3"),
        ({"split": "random"}, "split = random"),
    ],
)
def test_settings_that_need_random_sampling_are_an_error_without_it(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=f"letters: {message} needs --dataset.sampling random"):
        text_dataset(TEXT, steps=5, **settings)


def test_the_offset_stays_below_the_stride() -> None:
    text = "".join(chr(0x4E00 + index) for index in range(300))
    dataset = text_dataset(text, steps=5, stride=1, sampling="random")
    starts = {
        min(batch.inputs[:, 0].min().item() for batch in dataset.batches("train", 7, 0, epoch))
        for epoch in range(1, 9)
    }
    assert starts == {0}


def test_the_example_is_the_first_word() -> None:
    assert text_dataset("  once upon a time\n" * 9).example == "once"


def test_a_long_text_is_encoded_in_chunks_and_shows_its_progress(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    path = tmp_path / "long.txt"
    path.write_text(TEXT)
    monkeypatch.setattr("zoo_text.textfile.STORED", len(TEXT))
    monkeypatch.setattr("zoo_text.stored_text.ANNOUNCED", len(TEXT))
    monkeypatch.setattr("zoo_text.encoding.PIECE", 200)
    monkeypatch.setattr("zoo_text.prepared_text.LINE_INTERVAL", 0.0)
    caplog.set_level("INFO")
    dataset = text_file(TextConfig(path=(path,)), None)
    assert dataset.tokens.tolist() == dataset.vocabulary.encode(TEXT)
    assert caplog.messages == [
        f"reading {path}, {len(TEXT)} B",
        *(f"reading {path}: {percent} %" for percent in (38, 77, 100)),
    ]
    with pytest.raises(DataError, match=rf"'{LETTERS[-1]}' \(20×\)"):
        _ = text_dataset(TEXT, Vocabulary(tuple(LETTERS[:-1]))).tokens
    skipping = Vocabulary(tuple(LETTERS[:-1]), Unknown("skip"))
    assert len(text_dataset(TEXT, skipping).tokens) == len(TEXT) - 20


@pytest.mark.parametrize("sampling", ["sequential", "random", "ordered"])
def test_without_a_shift_every_epoch_has_the_windows_of_the_first_symbol_on(sampling: str) -> None:
    dataset = text_dataset(TEXT, steps=7, sampling=sampling, shift=False)
    for epoch in range(1, 6):
        batches = list(dataset.batches("train", 1, seed=0, epoch=epoch))
        starts = sorted(int(batch.inputs[0, 0]) for batch in batches)
        assert starts == sorted(number * 7 % 26 for number in range(len(batches)))
        assert dataset.batch_count("train", 1, seed=0, epoch=epoch) == len(batches)
    assert dataset.total_batch_count("train", 1, seed=0, epochs=5) == 5 * len(batches)


@pytest.mark.parametrize("per", ["step", "sequence"])
def test_ordered_windows_are_those_of_the_text_in_its_order(per: str) -> None:
    dataset = text_dataset(TEXT, steps=7, sampling="ordered", per=per, shift=False)
    batches = list(dataset.batches("train", 4, seed=0, epoch=1))
    windows = torch.cat([batch.inputs for batch in batches])
    text = dataset.split_tokens("train")
    assert torch.equal(windows.flatten(), text[: windows.numel()])
    assert not any(batch.carry for batch in batches)
    assert same_batches(batches, list(dataset.batches("train", 4, seed=0, epoch=2)))
    rest = list(dataset.batches("train", 4, seed=0, epoch=1, start=3))
    assert same_batches(rest, batches[3:])
