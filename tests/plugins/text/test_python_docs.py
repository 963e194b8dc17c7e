"""The prose of CPython's help system."""

from __future__ import annotations

import hashlib
import sys

import pytest

from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_text.configs import PythonDocsConfig
from zoo_text.dataset import TextDataset
from zoo_text.python_docs import python_docs

PYTHON_3_11_7 = sys.version_info[:3] == (3, 11, 7)


@pytest.fixture(scope="module")
def docs() -> TextDataset:
    return python_docs(PythonDocsConfig(), None)


def test_the_prose_is_long_and_has_few_symbols(docs: TextDataset) -> None:
    assert len(docs.text) > 300_000
    assert 90 < len(docs.vocabulary) < 300


@pytest.mark.skipif(not PYTHON_3_11_7, reason="the prose differs between versions of Python")
def test_python_3_11_7_has_465_047_characters_and_103_symbols(docs: TextDataset) -> None:
    assert (len(docs.text), len(docs.vocabulary)) == (465_047, 103)


def test_the_fingerprint_is_the_sha256_of_the_prose(docs: TextDataset) -> None:
    assert docs.fingerprint == hashlib.sha256(docs.text.encode()).hexdigest()


def test_the_prose_is_english(docs: TextDataset) -> None:
    assert docs.text.count(" the ") > 1_000
    assert "\n\n" in docs.text
    assert docs.text == docs.text.strip()


def test_every_split_has_a_batch(docs: TextDataset) -> None:
    assert isinstance(docs, AbstractDataset)
    for split in docs.splits:
        batch = next(docs.batches(split, 32, seed=0, epoch=0))
        assert batch.inputs.shape == (32, 64)
