"""Windows of prose and of source code, in equal numbers."""

from __future__ import annotations

import pytest
import torch

from zoo_core.errors import DataError
from zoo_text.configs import ProseOrCodeConfig
from zoo_text.prose_or_code import ProseOrCodeDataset


@pytest.fixture(scope="module")
def dataset() -> ProseOrCodeDataset:
    return ProseOrCodeDataset(ProseOrCodeConfig(), None)


def test_both_texts_are_as_long_as_the_shorter_one(dataset: ProseOrCodeDataset) -> None:
    prose, code = dataset.texts
    assert len(prose) == len(code) > 100_000
    assert prose != code


def test_every_split_has_as_many_windows_of_either_and_none_of_two_splits_overlap(
    dataset: ProseOrCodeDataset,
) -> None:
    total = len(dataset.texts[0])
    for split, share in (("train", 0.7), ("validation", 0.1), ("test", 0.2)):
        rows = dataset.rows(split)
        count = len(rows) // 2
        assert rows.labels.tolist() == [0] * count + [1] * count
        # The documentation of some versions of Python repeats a page, so that fewer are left.
        assert 0.95 * share * total / 128 < count < share * total / 128 + 1
    first = dataset.rows("test").inputs[0]
    start = int(total * 0.8 + 1e-6)
    assert torch.equal(first, dataset.tokens[0][start : start + 128])


def test_a_window_that_an_earlier_split_has_is_left_out_and_one_of_the_other_text_with_it() -> None:
    dataset = ProseOrCodeDataset(ProseOrCodeConfig(steps=2), None)
    vars(dataset)["texts"] = ("abcdefghijklmnopabqr", "ABCDEFGHIJKLMNOPQRST")
    assert [dataset.vocabulary.decode(row) for row in dataset.rows("test").inputs.tolist()] == [
        "qr",
        "QR",
    ]
    assert dataset.rows("test").labels.tolist() == [0, 1]
    assert len(dataset.rows("train")) == 14


def test_a_window_that_is_longer_than_a_split_is_refused(dataset: ProseOrCodeDataset) -> None:
    long = ProseOrCodeDataset(ProseOrCodeConfig(steps=len(dataset.texts[0])), dataset.vocabulary)
    with pytest.raises(DataError, match="split test is shorter than a window"):
        long.rows("test")
