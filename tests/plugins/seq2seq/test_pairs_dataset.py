"""Pairs of sequences: how they are read, prepared, split, padded, and kept in a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from zoo_core.data.signature import Signature
from zoo_core.data.vocabulary import Unknown, Vocabulary
from zoo_core.errors import DataError
from zoo_core.runtime.nn import IGNORED
from zoo_seq2seq.configs import FraEngConfig, NumberWordsConfig, SumsConfig, TranslationPairsConfig
from zoo_seq2seq.dataset import PairsDataset, fra_eng, number_words, sums, translation_pairs
from zoo_seq2seq.samples import PAIRS
from zoo_seq2seq.symbols import EOS, SPECIAL, prepared, special_id

BOOK = (
    "Go.\tVa !\tCC-BY 2.0\nHi.\tSalut !\nHi.\tSalut.\nRun!\tCours\u202f!\nWow!\tÇa alors\u202f!\n"
)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A file in the form of fra.txt."""
    (tmp_path / "fra.txt").write_text(BOOK, "utf-8")
    return tmp_path / "fra.txt"


def whole(path: Path, **settings: Any) -> PairsDataset:
    values: dict[str, Any] = {"validation": 0, "test": 0, **settings}
    return translation_pairs(TranslationPairsConfig(path=path, **values), None)


def words(dataset: PairsDataset, ids: list[int], *, source: bool = False) -> list[str]:
    vocabulary = dataset.source_vocabulary if source else dataset.vocabulary
    return [vocabulary.symbols[index].strip() for index in ids]


def test_texts_are_prepared_as_the_book_does() -> None:
    for text, expected in {
        "Go.": "go .",
        "Ça alors\u202f!": "ça alors !",
        "Oh no, I'm late.": "oh no , i'm late .",
        "!!": "! !",
    }.items():
        assert prepared(text, lowercase=True, split_punctuation=True) == expected
    assert prepared("Go.", lowercase=False, split_punctuation=False) == "Go."


def test_fra_eng_has_the_first_pairs_and_the_frequent_words(book: Path) -> None:
    dataset = fra_eng(FraEngConfig(path=book, examples=4), None)
    assert [pair.source for pair in dataset.pairs] == ["Go.", "Hi.", "Hi.", "Run!"]
    assert dataset.source_vocabulary.symbols == (*SPECIAL, " .", " hi")
    assert dataset.vocabulary.symbols == (*SPECIAL, " !", " salut")
    assert dataset.splits == ("train",)
    batch = next(dataset.batches("train", 4, seed=0, epoch=0))
    rows = [words(dataset, row) for row in batch.inputs.tolist()]
    assert rows == [
        ["<bos>", "<unk>", "!"],
        ["<bos>", "salut", "!"],
        ["<bos>", "salut", "<unk>"],
        ["<bos>", "<unk>", "!"],
    ]
    assert words(dataset, batch.targets[0].tolist()) == ["<unk>", "!", "<eos>"]
    assert batch.context is not None
    source = batch.context["source"][3].tolist()
    assert words(dataset, source, source=True) == ["<unk>", "<unk>", "<eos>"]


def test_padding_is_marked_by_lengths_and_ignored_targets(book: Path) -> None:
    batch = next(whole(book).batches("train", 5, seed=0, epoch=0))
    assert batch.lengths is not None
    assert batch.context is not None
    assert batch.context_lengths is not None
    assert batch.lengths.tolist() == [3, 3, 3, 3, 4]
    assert batch.context_lengths["source"].tolist() == [3] * 5
    assert batch.targets[0].tolist()[3:] == [IGNORED]
    assert batch.inputs[0].tolist()[3:] == [0]
    assert torch.equal(
        batch.inputs[:, 1:][batch.targets[:, 1:] != IGNORED],
        batch.targets[:, :-1][batch.targets[:, 1:] != IGNORED],
    )


def test_long_texts_are_cut_with_their_end(book: Path) -> None:
    dataset = whole(book, max_length=2)
    batch = next(dataset.batches("train", 5, seed=0, epoch=0))
    assert batch.inputs.shape == (5, 2)
    assert words(dataset, batch.targets[4].tolist()) == ["Ça", "alors"]
    typed = dataset.encode("Hi.")
    assert typed.context is not None
    assert words(dataset, typed.context["source"][0].tolist(), source=True) == ["Hi", "."]


def test_a_long_source_that_is_read_from_its_end_keeps_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text("a b c d\te\n", "utf-8")
    dataset = whole(path, max_length=3, reverse_source=True)
    batch = next(dataset.batches("train", 1, seed=0, epoch=0))
    typed = dataset.encode("a b c d")
    assert batch.context is not None
    assert typed.context is not None
    for context in (batch.context, typed.context):
        assert words(dataset, context["source"][0].tolist(), source=True) == ["c", "b", "a"]
    short = dataset.encode("a b")
    assert short.context is not None
    assert words(dataset, short.context["source"][0].tolist(), source=True) == ["b", "a", "<eos>"]


def test_equal_sources_are_in_one_split(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text("".join(f"{n % 10}\t{n}\n" for n in range(40)), "utf-8")
    dataset = translation_pairs(TranslationPairsConfig(path=path, validation=0.2, test=0.2), None)
    sources = [
        {dataset.pairs[row].source for row in dataset.split_rows[split]} for split in dataset.splits
    ]
    assert [len(found) for found in sources] == [6, 2, 2]
    assert len(set.union(*sources)) == 10


def test_incomplete_lines_are_reported_and_a_file_without_pairs_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text("a\tb\nno tab\nno target\t \n\nc\td\n \tno source\n", "utf-8")
    assert [pair.target for pair in whole(path).pairs] == ["b", "d"]
    assert "3 lines have no source or no target and will not be used: lines 2, 3, 6" in caplog.text
    path.write_text("no tab\n", "utf-8")
    with pytest.raises(DataError, match=r"no line has a source, a tab and a target"):
        _ = whole(path).signature
    with pytest.raises(DataError, match=r"cannot read .*gone.txt: No such file"):
        _ = whole(tmp_path / "gone.txt").signature


def test_without_a_path_fra_eng_says_which_file_it_needs() -> None:
    with pytest.raises(DataError, match=r"fra-eng.zip.*--dataset.path fra.txt"):
        _ = fra_eng(FraEngConfig(), None).signature


def test_the_signature_keeps_both_vocabularies_without_the_data() -> None:
    dataset = number_words(NumberWordsConfig(), None)
    signature = Signature.from_json(dataset.signature.to_json())
    assert signature == dataset.signature
    other = fra_eng(FraEngConfig(min_count=1), signature.vocabulary)  # has no file
    other.adopt(signature)
    assert other.signature == signature
    typed = other.encode("eighty one")
    assert typed.context is not None
    assert torch.equal(typed.context["source"], dataset.encode("eighty one").context["source"])  # type: ignore[index]


def test_unknown_words_of_a_typed_source_are_named_or_replaced() -> None:
    dataset = number_words(NumberWordsConfig(), None)
    with pytest.raises(DataError, match=r"lacks: ' owl' \(1×\).*replace=<unk>"):
        dataset.encode("eighty owl")
    typed = dataset.encode("eighty owl", Unknown("replace", "<unk>"))
    assert typed.context is not None
    assert words(dataset, typed.context["source"][0].tolist(), source=True)[1] == "<unk>"
    with pytest.raises(DataError, match="an empty input"):
        dataset.encode(" ")


def test_sums_are_those_of_addition_read_from_their_end() -> None:
    dataset = sums(SumsConfig(reverse_source=True, examples=50, validation=0, test=0), None)
    batch = next(dataset.batches("train", 50, seed=0, epoch=0))
    assert batch.context is not None
    for pair, source, target in zip(
        dataset.pairs, batch.context["source"].tolist(), batch.targets.tolist(), strict=True
    ):
        first, second = pair.source.split("+")
        assert int(first) + int(second) == int(pair.target)
        read = "".join(words(dataset, source, source=True)).partition("<eos>")[0]
        assert read == pair.source[::-1]
        ids = [index for index in target if index != IGNORED]
        assert "".join(words(dataset, ids)) == f"{pair.target}<eos>"
    assert dataset.example == dataset.pairs[0].source


def test_the_sample_has_fifty_pairs() -> None:
    assert len(whole(PAIRS).pairs) == 50


def test_without_the_data_the_symbols_of_the_targets_stand_in_for_those_of_the_sources() -> None:
    with pytest.raises(DataError, match="fra-eng: the file is not downloaded"):
        _ = fra_eng(FraEngConfig(), None).source_vocabulary
    vocabulary = Vocabulary((*SPECIAL, " a"))
    assert fra_eng(FraEngConfig(), vocabulary).source_vocabulary is vocabulary


def test_a_vocabulary_of_other_data_has_no_ends() -> None:
    with pytest.raises(DataError, match="the vocabulary has no <eos>; this model was trained on"):
        special_id(Vocabulary(("a", "b")), EOS)


def test_a_mark_at_the_beginning_gets_no_blank_before_it() -> None:
    assert prepared("!Go.", lowercase=False, split_punctuation=True) == "!Go ."
    assert prepared(". . ", lowercase=True, split_punctuation=True) == ". ."
