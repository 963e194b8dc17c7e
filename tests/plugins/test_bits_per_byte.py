"""Bits per byte, counted by hand for every kind of tokens."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.plugins.text.texts import text_dataset
from zoo_core.runtime.nn.batch import IGNORED, Batch, Output
from zoo_core.runtime.training.trainer import add_sums
from zoo_text.dataset import TextDataset
from zoo_train.configs import NextTokenConfig
from zoo_train.next_token import NextTokenTrainer

TEXT = "Grüße, old world; we are here.\n" * 20 + "strange wörds, 我們 e\u0301!\n" * 3
ASCII = "The cat sat on the mat.\n" * 20
KINDS = [
    {"tokens": "char"},
    {"tokens": "byte"},
    {"tokens": "word"},
    pytest.param({"tokens": "bpe", "vocabulary_size": 270}, marks=pytest.mark.full),
]


def measure(dataset: TextDataset, probabilities: Tensor, size: int = 1) -> dict[str, float]:
    """Returns the metrics of the test split for the same probabilities (V,) at every step."""
    trainer = NextTokenTrainer(NextTokenConfig(), dataset.signature)
    totals: dict[str, float] = {}
    for batch in dataset.batches("test", size, seed=0, epoch=0):
        logits = probabilities.log().expand(*batch.targets.shape, -1)
        output = Output(logits, None)
        sums = trainer.sums(output, batch)
        loss = trainer.loss(output, batch).item()
        add_sums(totals, loss, {name: float(value) for name, value in sums.items()})
    return trainer.metrics(totals)


def probabilities_of(dataset: TextDataset) -> Tensor:
    """Returns some probabilities of the symbols, (V,), in double precision."""
    count = len(dataset.vocabulary)
    return torch.linspace(1, 2, count, dtype=torch.float64).softmax(0)


@pytest.mark.parametrize("settings", KINDS, ids=lambda settings: settings["tokens"])
@pytest.mark.parametrize("sampling", ["sequential", "random"])
def test_the_figure_is_that_counted_by_hand(settings: dict[str, Any], sampling: str) -> None:
    dataset = text_dataset(TEXT, sampling=sampling, steps=9, stride=9, **settings)
    probabilities = probabilities_of(dataset)
    vocabulary = dataset.vocabulary
    symbols = vocabulary.tokenizer.split(TEXT[int(len(TEXT) * 0.9 + 1e-6) :])
    scored = symbols[1:]
    if sampling == "random":  # whole windows alone
        scored = scored[: len(scored) // 9 * 9]
    bits = 0.0
    for symbol in scored:
        known = symbol in vocabulary.ids
        index = vocabulary.ids[symbol if known else "<unk>"]
        bits -= math.log2(probabilities[index])
        bits += 0 if known else 8 * len(symbol.encode())
    count = sum(len(vocabulary.tokenizer.bytes_of(symbol)) for symbol in scored)
    metrics = measure(dataset, probabilities)
    assert metrics["bits_per_byte"] == pytest.approx(bits / count, rel=1e-9)
    unknown = [symbol for symbol in scored if symbol not in vocabulary.ids]
    if settings["tokens"] == "word":
        assert unknown
        assert metrics["unknown_share"] == pytest.approx(len(unknown) / len(scored), rel=1e-12)
    else:
        assert not unknown
        assert "unknown_share" not in metrics
    assert ("bits_per_character" in metrics) == (settings["tokens"] == "char")


def test_ascii_has_the_same_figure_as_bytes_and_as_characters() -> None:
    characters, in_bytes = text_dataset(ASCII), text_dataset(ASCII, tokens="byte")
    probabilities = probabilities_of(characters)
    of_bytes = torch.full((256,), 1e-300, dtype=torch.float64)
    of_bytes[list(map(ord, characters.vocabulary.symbols))] = probabilities
    expected = measure(characters, probabilities)
    assert measure(in_bytes, of_bytes)["bits_per_byte"] == pytest.approx(
        expected["bits_per_byte"], rel=1e-12
    )
    assert expected["bits_per_byte"] == pytest.approx(expected["bits_per_character"], rel=1e-12)


def test_an_unknown_word_costs_eight_bits_a_byte_beside_its_symbol() -> None:
    dataset = text_dataset("a b c d e " * 9 + "zyzzyva " * 9, tokens="word", test=0.4)
    certain = torch.full((len(dataset.vocabulary),), 1e-300, dtype=torch.float64)
    certain[0] = 1.0
    metrics = measure(dataset, certain)
    assert metrics["unknown_share"] > 0.9
    assert metrics["bits_per_byte"] == pytest.approx(8, rel=0.1)


def test_padding_has_no_bytes() -> None:
    dataset = text_dataset(TEXT)
    trainer = NextTokenTrainer(NextTokenConfig(), dataset.signature)
    ids = torch.tensor([dataset.vocabulary.encode("üa")])
    padded = torch.cat([ids, torch.full((1, 3), IGNORED)], dim=1)
    logits = torch.zeros(1, 5, len(dataset.vocabulary))
    assert trainer.sums(Output(logits, None), Batch(padded, padded))["bytes"] == 3
