"""The texts of the cases without a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import texts
from benchmarks.benchmark import Setup
from benchmarks.cases import CASES
from benchmarks.machine import machine
from benchmarks.precision import precision
from benchmarks.quality import quality
from benchmarks.timing import Effort
from benchmarks.zoo_run import ZooRun
from zoo_core.plugins.catalog import load_catalog
from zoo_core.runtime.building.build import make_dataset

DEAD_PROXY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No book in the folder of data, and a proxy that does not answer."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, DEAD_PROXY)
        monkeypatch.setenv(name.upper(), DEAD_PROXY)
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(texts, "FOLDER", tmp_path / "texts")


def test_one_line_for_each_book_says_where_to_put_it(tmp_path: Path) -> None:
    lines = list(texts.fetch_books())
    for line, file in zip(lines, texts.BOOKS.values(), strict=True):
        assert "\n" not in line
        assert str(tmp_path / "home" / "data" / file.name) in line
        assert file.sha256 in line
    assert machine()["texts"] == "python-docs in place of time-machine and nietzsche"


@pytest.mark.parametrize("name", ["d2l", "fastai"])
def test_another_text_of_as_many_symbols_replaces_a_book(name: str, tmp_path: Path) -> None:
    case, catalog = CASES[name], load_catalog()
    run_config = case.run_config(catalog, "rnn", dataset={"steps": 4})
    assert run_config.dataset == "text"
    dataset = make_dataset(catalog, run_config, None)
    assert dataset.signature.input_size == case.symbols
    batch = next(dataset.batches("train", case.batch, seed=0, epoch=1))
    assert batch.inputs.shape == (case.batch, 4)


def test_a_case_of_other_data_keeps_it(tmp_path: Path) -> None:
    run = ZooRun(load_catalog(), CASES["toy"].run_config(load_catalog(), "rnn"), tmp_path)
    assert run.run.run_config.dataset == "hello"


def test_what_only_a_book_can_show_is_left_out(tmp_path: Path) -> None:
    setup = Setup(load_catalog(), tmp_path, Effort(1, 0.0), quick=True)
    assert list(quality(setup)) == list(precision(setup)) == []
