"""The commands of ``docs/your-own-data.md``, carried out in their order on tables of that form."""

from __future__ import annotations

import csv
import doctest
import shlex
from pathlib import Path

import pytest

from tests.docs.session import blocks
from zoo_cli.main import run
from zoo_music.dataset import SAMPLE
from zoo_series.dataset import SALES
from zoo_tables.samples import DATES, REQUESTS

PAGE = Path(__file__).parents[2] / "docs" / "your-own-data.md"
QUICK = {
    "gru-embed.requests": ["--trainer.epochs", "4"],
    "gru-stacked.sales": ["--trainer.epochs", "2"],
    "gru-embed.dates": ["--trainer.epochs", "1"],
    "gru-stacked": ["--trainer.epochs", "1"],
}
"""Shorter trainings than those of the recipes, which the page uses."""


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the page works in, with the tables that it names."""
    monkeypatch.chdir(tmp_path)
    requests = REQUESTS.read_text("utf-8").replace("text,label", "body,kind", 1)
    (tmp_path / "comments.csv").write_text(requests, "utf-8")
    (tmp_path / "new.csv").write_text('id,body\n1,"thank you, a fine lamp"\n', "utf-8")
    (tmp_path / "sales.csv").write_bytes(SALES.read_bytes())
    (tmp_path / "dates.csv").write_bytes(DATES.read_bytes())
    (tmp_path / "songs.mat").write_bytes(SAMPLE.read_bytes())
    return tmp_path


@pytest.mark.gate
def test_the_commands_work_in_their_order(tables: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verbs = []
    for block in blocks(PAGE.read_text("utf-8")):
        for line in block.body.splitlines() if block.language == "console" else ():
            words = shlex.split(line.removeprefix("$ "))
            assert words[0] == "zoo"
            quick = QUICK[words[2]] if words[1] == "train" else []
            assert run([*words[1:], *quick]) == 0, (line, capsys.readouterr().err)
            verbs.append(words[1])
    assert verbs == [
        *("train", "evaluate", "predict", "predict", "push"),
        *("train", "evaluate", "forecast", "forecast", "train", "predict"),
        *("data", "train", "generate"),
    ]
    with (tables / "answers.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["text"], row["label"]) == ("thank you, a fine lamp", "thanks")
    assert 0.25 < float(row["probability"]) <= 1
    assert (tables / "next.png").exists()
    assert (tables / "song.mid").read_bytes().startswith(b"MThd")
    assert len((tables / "next.csv").read_text("utf-8").splitlines()) == 7


def test_the_python_session_prints_what_it_shows(tables: Path) -> None:
    result = doctest.testfile(str(PAGE), module_relative=False, verbose=False)
    assert result.attempted == 5
    assert result.failed == 0
