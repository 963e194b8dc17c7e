"""Texts with labels: rows, splits, names of labels that a checkpoint keeps."""

from __future__ import annotations

import csv
import hashlib
import logging
from collections import Counter
from pathlib import Path

import pytest
import torch

from tests.plugins.tables.made import SAMPLES
from zoo_core import Classes
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import DataError
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.nearest import nearest_recipe
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.nn import Output
from zoo_tables.configs import LabelledConfig, RequestsConfig
from zoo_tables.labelled import LabelledDataset, labelled, requests

TEXT = "text,label\n" + "".join(f"text {number},{'ab'[number % 2]}\n" for number in range(20))


def of(tmp_path: Path, text: str, **settings: object) -> LabelledDataset:
    """Returns the dataset of a CSV file."""
    path = tmp_path / "rows.csv"
    path.write_text(text, "utf-8")
    return labelled(LabelledConfig(path=path, **settings), None)  # type: ignore[arg-type]


def inputs_of(dataset: LabelledDataset, split: str) -> list[str]:
    """Returns the texts of a split."""
    rows = dataset.rows(split)
    return [dataset.vocabulary.decode(row.tolist()) for row in rows.inputs]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_is_what_its_rule_makes(path: Path) -> None:
    assert path.read_bytes() == SAMPLES[path]()


def test_every_split_has_every_label() -> None:
    dataset = requests(RequestsConfig(), None)
    names = ("complaint", "order", "question", "thanks")
    assert dataset.signature.outputs == Classes(4, per="sequence", names=names)
    counts = {split: Counter(map(int, dataset.rows(split).targets)) for split in dataset.splits}
    assert counts["validation"] == counts["test"] == {0: 16, 1: 16, 2: 16, 3: 16}
    assert counts["train"] == {0: 128, 1: 128, 2: 128, 3: 128}
    texts = {split: set(inputs_of(dataset, split)) for split in dataset.splits}
    assert not texts["train"] & (texts["validation"] | texts["test"])


def test_columns_lower_case_and_length_can_be_chosen(tmp_path: Path) -> None:
    text = "id,body,stars\n1,Very Good,5\n2,Bad,10\n"
    settings = {"text_column": "body", "label_column": "stars", "validation": 0, "test": 0}
    dataset = of(tmp_path, text, lowercase=True, max_length=4, **settings)
    assert inputs_of(dataset, "train") == ["very", "bad"]
    assert dataset.signature.outputs.names == ("5", "10")
    assert dataset.encode("VERYLONG").inputs.tolist() == dataset.encode("very").inputs.tolist()


def test_labels_are_sorted_as_numbers_and_those_that_are_none_follow(tmp_path: Path) -> None:
    names = ["nan", "b", "10", "NaN", "a", "inf", "2", "-nan", "-1.5", "c"]
    rows = "".join(f"text,{name}\n" for name in names)
    expected = ("-1.5", "2", "10", "-nan", "NaN", "a", "b", "c", "inf", "nan")
    assert of(tmp_path, f"text,label\n{rows}").label_names == expected


def test_rows_without_text_or_label_are_left_out_with_their_lines(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        dataset = of(tmp_path, TEXT + ",a\n\nx, \n")
        assert len(dataset.content.inputs) == 20
    assert "rows.csv: 2 rows have no text or no label and will not be used: lines 22, 24" in (
        caplog.text
    )


def test_a_column_that_holds_no_labels_is_suspected(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = "".join(f"text {number},{number}\n" for number in range(60))
    assert len(of(tmp_path, f"text,label\n{rows}").label_names) == 60
    assert "60 different labels in 60 rows; is --dataset.label-column label right?" in caplog.text
    caplog.clear()
    for labels, repeats in ((60, 2), (50, 1)):
        rows = "".join(f"text {number},{number % labels}\n" for number in range(labels * repeats))
        assert len(of(tmp_path, f"text,label\n{rows}").label_names) == labels
    assert caplog.text == ""


def test_the_likeliest_label_of_the_first_row_is_the_answer(tmp_path: Path) -> None:
    logits = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    assert of(tmp_path, TEXT).decode(Output(logits, None)) == "b"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("text,label\na,1\nb,1\n", "all rows have the label '1' in the column 'label'"),
        ("text,label\n,1\n", "no row has both a text and a label"),
    ],
)
def test_data_without_enough_labels_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _ = of(tmp_path, text).signature


def test_an_empty_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="split validation is empty"):
        of(tmp_path, "text,label\na,1\nb,2\n").batch_count("validation", 2, 0, 0)


def test_a_split_that_is_empty_because_texts_are_equal_is_explained(tmp_path: Path) -> None:
    dataset = of(tmp_path, "text,label\n" + "a,1\nb,2\n" * 20)
    with pytest.raises(DataError, match=r"split validation .*, and the 40 rows have 2 different"):
        dataset.batch_count("validation", 2, 0, 0)
    assert dataset.batch_count("train", 40, 0, 0) == 1
    with pytest.raises(DataError, match="no split 'dev'"):
        dataset.rows("dev")


def test_names_come_from_the_checkpoint_and_not_from_the_data(tmp_path: Path) -> None:
    signature = of(tmp_path, TEXT).signature
    absent = labelled(LabelledConfig(path=tmp_path / "none.csv"), signature.vocabulary)
    absent.adopt(signature)
    assert absent.signature == signature
    other = of(tmp_path, TEXT.replace(",b", ",c") + "text 99,d\n")
    other.adopt(signature)
    message = (
        r"labels that the model does not know: 'c' \(10×: lines 3, 5, 7\), 'd' \(1×: line 22\)"
    )
    with pytest.raises(DataError, match=f"{message}; it knows 'a', 'b'"):
        other.rows("train")


def test_symbols_that_the_vocabulary_lacks_are_counted_over_the_split(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(TEXT, "utf-8")
    dataset = labelled(LabelledConfig(path=path, validation=0, test=0), Vocabulary.of("ext 12"))
    with pytest.raises(DataError, match=r"'t' \(40×\)|'0'"):
        dataset.rows("train")


def test_a_table_has_inputs_in_its_column_and_another_file_on_its_lines(tmp_path: Path) -> None:
    dataset = of(tmp_path, TEXT)
    (tmp_path / "new.tsv").write_text("id\ttext\n1\tfirst\n2\t\n", "utf-8")
    (tmp_path / "new.txt").write_text("text,label\nx\n", "utf-8")
    assert dataset.read_inputs(tmp_path / "new.tsv") == ["first", ""]
    assert dataset.read_inputs(tmp_path / "new.txt") == ["text,label", "x"]
    (tmp_path / "other.csv").write_text("body\nx\n", "utf-8")
    with pytest.raises(DataError, match="has no column 'text'; it has 'body'"):
        dataset.read_inputs(tmp_path / "other.csv")
    (tmp_path / "other.csv").write_text("id;text\n1;first\n", "utf-8")
    with pytest.raises(DataError, match="'id;text': separate its columns as those of the table"):
        dataset.read_inputs(tmp_path / "other.csv")


def test_the_fingerprint_is_of_texts_and_labels(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,label\na,1\nb,2\n", "utf-8")
    fields = [b"a", b"1", b"b", b"2"]
    data = b"".join(len(field).to_bytes(8, "big") + field for field in fields)
    dataset = of(tmp_path, "text,label\na,1\nb,2\n")
    assert dataset.fingerprint == hashlib.sha256(data).hexdigest()
    assert of(tmp_path, "label,text\n1,a\n2,b\n").fingerprint == dataset.fingerprint


def test_the_sample_has_no_text_twice() -> None:
    (path,) = [path for path in SAMPLES if path.name == "requests.csv"]
    with path.open(newline="", encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    assert len(texts) == len(set(texts)) == 640


@pytest.mark.parametrize(
    ("model", "dataset", "recipe"),
    [("gru-embed", "labelled", "requests"), ("gru-embed", "pairs", "dates")],
)
def test_the_recipe_of_the_sample_is_the_nearest_one(
    catalog: Catalog, model: str, dataset: str, recipe: str
) -> None:
    resolved = resolve_run(catalog, model, dataset=dataset)
    run_config = resolved.run_config({"dataset": {"path": "mine.csv"}})
    assert nearest_recipe(catalog, run_config) == f"{model}.{recipe}"
