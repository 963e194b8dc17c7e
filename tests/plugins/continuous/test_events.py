"""The data with irregular times: its events, its labels, and what the times are for."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from zoo_continuous.configs import EventsConfig
from zoo_continuous.events import EventsDataset, event_majority, event_xor
from zoo_core.errors import ConfigError, DataError, DeviceError


def dataset(**settings: Any) -> EventsDataset:
    return event_xor(EventsConfig(**{"rows": 200, "max_bits": 9} | settings), None)


@pytest.mark.parametrize(
    ("bits", "events"),
    [
        ("00", [(0, 1), (0, 1)]),
        ("01", [(0, 1), (1, 1)]),
        ("00011", [(0, 1), (1, 3), (1, 1)]),
        ("1 0001", [(1, 1), (0, 1), (1, 3)]),
    ],
)
def test_an_event_has_the_new_bit_and_the_time_since_the_one_before(
    bits: str, events: list[tuple[int, int]]
) -> None:
    batch = dataset().encode(bits)
    expected = torch.tensor([[(bit, time / 32) for bit, time in events]])
    assert torch.equal(batch.inputs, expected)


def test_the_times_and_the_bits_give_the_label() -> None:
    for batch in dataset().batches("train", 50, seed=0, epoch=1):
        assert batch.lengths is not None
        for row, length, label in zip(batch.inputs, batch.lengths, batch.targets, strict=True):
            bits, times = row[:length].unbind(1)
            places = (32 * times).cumsum(0).round().long()  # of the events, from 1
            every = torch.arange(1, int(places[-1]) + 1)
            whole = bits[torch.searchsorted(places, every, right=True) - 1]
            assert whole.sum() % 2 == label


def test_the_majority_is_more_ones_than_zeros() -> None:
    majority = event_majority(EventsConfig(rows=200, max_bits=9), None)
    rows = majority.rows("train")
    for bits, label in zip(majority.bits, rows.targets, strict=False):
        assert int(label) == (bits.count("1") > bits.count("0"))
    assert majority.signature.outputs.names == ("fewer", "more")
    assert majority.fingerprint != dataset().fingerprint


def test_without_times_the_same_events_have_both_labels() -> None:
    labels: dict[str, set[int]] = {}
    for batch in dataset(times=False).batches("train", 1, seed=0, epoch=1):
        assert batch.inputs[..., 1].eq(1 / 32).all()
        labels.setdefault(str(batch.inputs.tolist()), set()).add(int(batch.targets))
    assert {0, 1} in labels.values()
    assert dataset(times=False).fingerprint != dataset().fingerprint


def test_the_rows_are_all_different_and_depend_on_the_seed_alone() -> None:
    rows = dataset().bits
    assert len(set(rows)) == len(rows) == 200
    assert {len(row) for row in rows} == set(range(2, 10))
    assert dataset().bits == rows
    assert dataset(seed=1).bits != rows


def test_rows_that_repeat_are_in_training_alone_and_every_length_is_as_frequent() -> None:
    repeated = dataset(repeats=True, rows=256)
    training = repeated.bits[repeated.split_slice(256, "train")]
    held_out = repeated.bits[len(training) :]
    assert len(set(training)) < len(training)
    assert len(set(held_out)) == len(held_out)
    assert not set(held_out) & set(training)
    lengths = [len(row) for row in training]
    assert all(lengths.count(length) >= 15 for length in range(2, 10))  # of 205, 26 on average
    assert repeated.fingerprint != dataset(rows=256).fingerprint


def test_more_rows_than_there_are_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"dataset.rows = 300: expected <= 256, about a quarter"):
        EventsConfig(rows=300, max_bits=9)
    with pytest.raises(ConfigError, match=r"rows = '1000001': expected .* <= 1000000"):
        EventsConfig(rows=1_000_001, max_bits=60)


def test_more_rows_than_fit_into_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoo_core.storage.capacity.free_memory", lambda: 10**8)
    with pytest.raises(DeviceError, match=r"event-xor would take 1 GB of memory.*--dataset.rows"):
        _ = dataset(rows=1_000_000, max_bits=60).bits


@pytest.mark.parametrize("value", ["", " ", "012", "odd"])
def test_what_is_no_row_of_bits_is_refused(value: str) -> None:
    with pytest.raises(DataError, match="not a row of bits"):
        dataset().encode(value)
