# [dataset]
"""The dataset: its sequences, their order and its splits."""

from __future__ import annotations

from pathlib import Path

import torch
import zoo_core
from zoo_core.runtime.nn import Batch

from zoo_plugin_quokka.configs import QuokkaDataConfig
from zoo_plugin_quokka.dataset import QuokkaDataset


def dataset() -> QuokkaDataset:
    return QuokkaDataset(QuokkaDataConfig(steps=6), None)


def test_the_splits_hold_every_sequence_once() -> None:
    rows = [
        tuple(row) for split in dataset().splits for row in dataset().rows(split).inputs.tolist()
    ]
    assert len(rows) == len(set(rows)) == 2**6


def test_a_label_is_the_parity_so_far() -> None:
    (batch,) = dataset().batches("test", 64, seed=0, epoch=0)
    assert batch.targets is not None
    for bits, labels in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
        assert labels == [sum(bits[: t + 1]) % 2 for t in range(6)]


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    def order(seed: int, epoch: int, start: int = 0) -> list[Batch]:
        return list(dataset().batches("train", 16, seed, epoch, start))

    first, again = order(0, 1), order(0, 1)
    assert all(torch.equal(a.inputs, b.inputs) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0].inputs, order(0, 2)[0].inputs)
    assert torch.equal(order(0, 1, start=1)[0].inputs, first[1].inputs)
    assert len(first) == dataset().batch_count("train", 16, 0, 1)


def test_a_model_of_the_zoo_trains_on_it(tmp_path: Path) -> None:
    checkpoint = zoo_core.train(
        "rnn-cell", tmp_path / "run", dataset="quokka", settings={"trainer": {"epochs": 2}}
    )
    assert set(checkpoint.metrics) == {"train", "validation", "test"}


# [end]
