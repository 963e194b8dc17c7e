"""Pairs of texts: sequences, ignored labels, answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import zoo_core
from zoo_core.data.vocabulary import Unknown, Vocabulary
from zoo_core.errors import DataError
from zoo_core.runtime.nn import IGNORED, AbstractModel, Batch, Output
from zoo_tables.configs import DatesConfig, PairsConfig
from zoo_tables.pairs import PairsDataset, dates, pairs

TEXT = "source,target\nab,ba\ncab,bac\nab,b\n,x\n"


def of(tmp_path: Path, text: str = TEXT, **settings: object) -> PairsDataset:
    """Returns the dataset of a CSV file, all of it for training."""
    path = tmp_path / "rows.csv"
    path.write_text(text, "utf-8")
    config = PairsConfig(path=path, validation=0, test=0, **settings)  # type: ignore[arg-type]
    return pairs(config, None)


class Speller(AbstractModel):
    """Predicts the symbols of a text one after the other, whatever it reads."""

    causal = True
    carries_state = False

    def __init__(self, dataset: PairsDataset, text: list[str]) -> None:
        super().__init__(dataset.signature)
        self.ids, self.length = [dataset.vocabulary.ids[symbol] for symbol in text], 0

    def initial_state(self, batch_size: int) -> None:
        return None

    def forward(self, batch: Batch, state: object = None) -> Output:
        logits = torch.zeros(*batch.inputs.shape, self.signature.outputs.size)
        self.length = self.length or batch.inputs.shape[1]
        logits[:, -1, self.ids[batch.inputs.shape[1] - self.length]] = 1
        return Output(logits, None)


def test_only_the_symbols_of_the_target_are_labels(tmp_path: Path) -> None:
    dataset = of(tmp_path)
    assert dataset.vocabulary.symbols == ("<to>", "<end>", "a", "b", "c")
    rows = dataset.rows("train")
    assert [row.tolist() for row in rows.inputs] == [
        [2, 3, 0, 3, 2],
        [4, 2, 3, 0, 3, 2, 4],
        [2, 3, 0, 3],
    ]
    none = IGNORED
    assert [row.tolist() for row in rows.targets] == [
        [none, none, 3, 2, 1],
        [none, none, none, 3, 2, 4, 1],
        [none, none, 3, 1],
    ]


def test_an_answer_ends_at_its_end_or_at_its_most_symbols(tmp_path: Path) -> None:
    dataset = of(tmp_path)
    model = Speller(dataset, ["b", "a", "<end>", "c"])
    assert dataset.answer(model, dataset.encode("ab")) == "ba"
    short = of(tmp_path, answer_length=1)
    assert short.answer(Speller(short, ["b", "a"]), short.encode("ab")) == "b"


def test_a_source_is_encoded_with_what_follows_it(tmp_path: Path) -> None:
    dataset = of(tmp_path)
    assert dataset.encode("ab").inputs.tolist() == [[2, 3, 0]]
    assert dataset.encode("azb", Unknown("skip")).inputs.tolist() == [[2, 3, 0]]
    with pytest.raises(DataError, match=r"'z' \(1×\)"):
        dataset.encode("azb")


def test_capitals_stay_unless_lower_case_is_chosen(tmp_path: Path) -> None:
    text = "source,target\nAb,B\n"
    assert of(tmp_path, text).texts_of(0) == ("Ab", "B")
    assert of(tmp_path, text, lowercase=True).texts_of(0) == ("ab", "b")


def test_symbols_that_the_vocabulary_of_a_checkpoint_lacks_are_counted(tmp_path: Path) -> None:
    dataset = of(tmp_path)
    known = Vocabulary(("<to>", "<end>", "b", "a"))
    checked = pairs(dataset.config, known)  # type: ignore[arg-type]  # of a file
    assert checked.vocabulary == known
    with pytest.raises(DataError, match=r"'c' \(2×\)"):
        checked.rows("train")


def test_an_empty_split_is_refused_and_one_that_is_none(tmp_path: Path) -> None:
    config = PairsConfig(path=of(tmp_path).config.path, validation=0.1)  # type: ignore[attr-defined]
    with pytest.raises(DataError, match="split validation is empty"):
        pairs(config, None).rows("validation")
    with pytest.raises(DataError, match="no split 'validation'; it has train"):
        of(tmp_path).rows("validation")


def test_an_answer_is_the_likeliest_symbols_of_the_first_row_up_to_the_end(tmp_path: Path) -> None:
    dataset = of(tmp_path)
    ids = [dataset.vocabulary.ids[symbol] for symbol in ("c", "a", "<end>", "b")]
    logits = torch.nn.functional.one_hot(torch.tensor([ids, ids[::-1]]), 5).float()
    assert dataset.decode(Output(logits, None)) == "ca"


def test_the_sample_reads_a_table_of_new_sources(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("source\nMay 1\n", "utf-8")
    assert dates(DatesConfig(), None).read_inputs(tmp_path / "new.csv") == ["May 1"]


def test_equal_sources_are_in_one_split() -> None:
    dataset = dates(DatesConfig(), None)
    lengths = {split: len(dataset.rows(split)) for split in dataset.splits}
    assert lengths == {"train": 1200, "validation": 150, "test": 150}


def test_rows_without_a_source_are_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(of(tmp_path).content.inputs) == 3
    assert "1 row has no source or no target and will not be used: line 5" in caplog.text


def test_the_card_of_pairs_shows_how_to_get_an_answer(tmp_path: Path) -> None:
    settings: dict[str, dict[str, Any]] = {
        "model": {"hidden_size": 4},
        "dataset": {"path": tmp_path / "rows.csv", "validation": 0.0, "test": 0.0},
        "trainer": {"epochs": 1},
    }
    (tmp_path / "rows.csv").write_text(TEXT, "utf-8")
    zoo_core.train("gru-embed", tmp_path / "run", dataset="pairs", settings=settings)
    card = (tmp_path / "run" / "README.md").read_text("utf-8")
    assert "zoo predict FOLDER abc\n" in card
    assert "zoo generate" not in card
