"""Downloaded texts on a small scale: preparation, symbols, splits, local copies."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from zoo_core import Vocabulary
from zoo_core.downloads.download import RemoteFile
from zoo_core.errors import DataError, IntegrityError, NetworkError
from zoo_text import books, languages, time_machine
from zoo_text.configs import (
    NamesConfig,
    NietzscheConfig,
    TimeMachineConfig,
    TinyShakespeareConfig,
    WarAndPeaceConfig,
)
from zoo_text.dataset import TextDataset
from zoo_text.names import NamesDataset
from zoo_text.remote import NIETZSCHE, TIME_MACHINE, TINY_SHAKESPEARE

BOOK = (
    "The Time Machine, by H. G. Wells [1898]\n\n\n  I\n\nThe Time Traveller (for so  it\nwas)--\n"
)
CLASSIC = "the time machine by h g wellsithe time traveller for so itwas"
NEWER = "the time machine by h g wells i the time traveller for so it was "


def pinned(monkeypatch: pytest.MonkeyPatch, module: object, name: str, path: Path) -> None:
    """Replaces a remote file of a module by a small local one."""
    data = path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    small = RemoteFile(name=path.name, size=len(data), sha256=sha256, mirrors=())
    monkeypatch.setattr(module, name, small)


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small copy of The Time Machine."""
    path = tmp_path / "timemachine.txt"
    path.write_text(BOOK)
    pinned(monkeypatch, time_machine, "TIME_MACHINE", path)
    return path


@pytest.mark.parametrize(("preparation", "text"), [("classic", CLASSIC), ("newer", NEWER)])
def test_the_time_machine_has_only_lowercase_letters_and_spaces(
    preparation: str, text: str
) -> None:
    assert time_machine.prepare(BOOK, preparation) == text


def test_its_vocabulary_has_an_unknown_symbol_and_those_beyond_the_limit(book: Path) -> None:
    config = TimeMachineConfig(path=book, limit=10)
    dataset = time_machine.time_machine(config, None)
    assert dataset.text == CLASSIC[:10]
    assert dataset.vocabulary == Vocabulary(("<unk>", *sorted(set(CLASSIC))))


def test_its_example_can_be_encoded(book: Path) -> None:
    dataset = time_machine.time_machine(TimeMachineConfig(path=book), None)
    assert dataset.encode(dataset.example).inputs.shape == (1, len("time traveller"))


def test_another_text_is_an_error_that_names_the_text_dataset(book: Path) -> None:
    book.write_text("another text")
    dataset = time_machine.time_machine(TimeMachineConfig(path=book), None)
    with pytest.raises(IntegrityError, match="for a text of your own: --dataset text"):
        _ = dataset.text


def test_another_list_of_names_is_an_error_that_names_no_dataset_of_texts(tmp_path: Path) -> None:
    for language in languages.LANGUAGES:
        (tmp_path / f"{language}.txt").write_text("Other\n")
    dataset = NamesDataset(NamesConfig(path=tmp_path), None)
    with pytest.raises(IntegrityError, match=r"or leave out --dataset\.path to download it"):
        _ = dataset.names


def test_a_missing_local_copy_is_named(tmp_path: Path) -> None:
    dataset = books.nietzsche(NietzscheConfig(path=tmp_path / "missing"), None)
    with pytest.raises(DataError, match=r"cannot read .*missing: No such file"):
        _ = dataset.text


@pytest.mark.parametrize(
    "dataset",
    [
        time_machine.time_machine(TimeMachineConfig(), Vocabulary(("a",))),
        books.nietzsche(NietzscheConfig(), Vocabulary(("a",))),
        books.tiny_shakespeare(TinyShakespeareConfig(), Vocabulary(("a",))),
    ],
    ids=lambda dataset: dataset.name,
)
def test_with_a_vocabulary_no_data_is_needed(dataset: TextDataset) -> None:
    assert dataset.encode("aa").inputs.tolist() == [[0, 0]]
    assert dataset.example
    with pytest.raises(NetworkError, match=r"may be put at .*/data/"):
        dataset.batch_count("train", 1, seed=0, epoch=1)


@pytest.mark.parametrize(
    "remote",
    [TIME_MACHINE, NIETZSCHE, TINY_SHAKESPEARE, *map(languages.remote, languages.LANGUAGES)],
    ids=lambda remote: remote.name,
)
def test_every_remote_file_has_a_hash_a_size_and_an_address(remote: RemoteFile) -> None:
    assert len(remote.sha256) == 64
    assert remote.size > 0
    assert remote.mirrors
    assert all(address.startswith("http") for address in remote.mirrors)


def test_shakespeare_is_split_90_to_10() -> None:
    dataset = TextDataset("s", TinyShakespeareConfig(), lambda: "x" * 1_115_394, None)
    lengths = {split: len(dataset.split_tokens(split)) for split in dataset.splits}
    assert lengths == {"train": 1_003_854, "validation": 111_540}


def war_and_peace(path: Path | None) -> TextDataset:
    """The dataset of a copy."""
    return books.war_and_peace(WarAndPeaceConfig(path=path), None)


@pytest.fixture
def novel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small text, and its length in the place of the novel's."""
    path = tmp_path / "novel.txt"
    path.write_text("\ufeff" + "Well, Prince, " * 30 + "né", encoding="utf-8")
    monkeypatch.setattr(books, "WAR_AND_PEACE_LENGTH", 423)
    return path


def test_war_and_peace_is_split_80_to_10_to_10(novel: Path) -> None:
    dataset = war_and_peace(novel)
    assert dataset.text.startswith("Well, Prince")
    lengths = {split: len(dataset.split_tokens(split)) for split in dataset.splits}
    assert lengths == {"train": 337, "validation": 42, "test": 43}


def test_the_length_of_war_and_peace_may_be_that_in_bytes(
    novel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "WAR_AND_PEACE_LENGTH", novel.stat().st_size)
    assert len(war_and_peace(novel).text) == 422


def test_another_length_is_an_error_with_both_numbers(tmp_path: Path) -> None:
    path = tmp_path / "short.txt"
    path.write_text("Well, Prince")
    message = rf"{path} has 12 characters, and war-and-peace 3,258,246 characters; for a text"
    with pytest.raises(IntegrityError, match=message):
        _ = war_and_peace(path).text


@pytest.mark.skipif(sys.platform == "win32", reason="this platform has no endless file")
def test_an_endless_file_is_not_war_and_peace(novel: Path) -> None:
    with pytest.raises(
        IntegrityError, match=r"/dev/zero has 1,693 bytes or more, and war-and-peace"
    ):
        _ = war_and_peace(Path("/dev/zero")).text


def test_what_is_not_utf8_is_not_war_and_peace(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes(b"n\xe9")
    with pytest.raises(IntegrityError, match="is not the text of war-and-peace: it is not UTF-8"):
        _ = war_and_peace(path).text


def test_war_and_peace_lies_in_the_folder_of_data_or_is_asked_for(
    novel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    place = tmp_path / "data" / "warpeace_input.txt"
    with pytest.raises(NetworkError, match=rf"char-rnn/warpeace_input\.txt at {place}, or name"):
        _ = war_and_peace(None).text
    place.parent.mkdir()
    novel.rename(place)
    assert len(war_and_peace(None).text) == 422


def test_a_missing_copy_of_war_and_peace_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*missing: No such file.*--dataset\.path"):
        _ = war_and_peace(tmp_path / "missing").text


NAMES = {"Arabic": "Abadi\nAbadi\nSayegh\nNassar\n", "Czech": "Abl\nNovák\n\nSvoboda\n"}


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NamesDataset:
    """Two languages of a few names."""
    files = {}
    for language, lines in NAMES.items():
        data = (lines * 10).encode()
        (tmp_path / f"{language}.txt").write_bytes(data)
        files[language] = len(data), hashlib.sha256(data).hexdigest()
    monkeypatch.setattr(languages, "FILES", files)
    monkeypatch.setattr("zoo_text.names.LANGUAGES", tuple(NAMES))
    return NamesDataset(NamesConfig(path=tmp_path, validation=0.33, test=0.33), None)


def test_a_name_is_labelled_with_its_language(names: NamesDataset) -> None:
    labelled = [row for split in names.splits for row in names.labelled_names(split)]
    assert ("Sayegh", 0) in labelled
    assert ("Novák", 1) in labelled
    assert len(labelled) == 70


def test_a_repeated_name_is_in_one_split(names: NamesDataset) -> None:
    by_split = [{name for name, _ in names.labelled_names(split)} for split in names.splits]
    assert sum(map(len, by_split)) == len(set.union(*by_split)) == 6


def test_a_split_without_names_is_an_error(names: NamesDataset, tmp_path: Path) -> None:
    names = NamesDataset(NamesConfig(path=tmp_path, validation=0.001, test=0.33), None)
    with pytest.raises(DataError, match="names: split validation is empty"):
        names.batch_count("validation", 8, seed=0, epoch=0)


def test_names_are_padded_to_the_longest_of_their_batch(names: NamesDataset) -> None:
    for batch in names.batches("train", 8, seed=0, epoch=1):
        assert batch.lengths is not None
        assert batch.inputs.shape[1] == batch.lengths.max()
    assert names.signature.outputs.per == "sequence"
    assert names.signature.outputs.size == 2
