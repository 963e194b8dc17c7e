"""``zoo compare`` over runs that are there already."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Zoo


def change(folder: Path, **values: Any) -> None:
    """Changes fields of a manifest."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.fixture
def runs(hello: Path, tmp_path: Path) -> Path:
    """A folder of three runs that differ in their seeds alone."""
    for seed in range(3):
        folder = shutil.copytree(hello, tmp_path / "runs" / f"seed={seed}")
        change(folder, seed=seed)
    return tmp_path / "runs"


def test_a_folder_of_runs_is_one_row_and_a_pretrained_one_another(zoo: Zoo, runs: Path) -> None:
    result = zoo("compare", runs, "gru-embed", "--json")
    assert result.code == 0
    rows = {row["model"]: row for row in result.json["rows"]}
    assert rows["lstm-embed"]["seeds"] == "0 1 2"
    assert len(rows["lstm-embed"]["runs"]) == 3
    assert rows["gru-embed"]["seeds"] == "0"


def test_the_table_comes_with_curves_and_notes(zoo: Zoo, runs: Path) -> None:
    result = zoo("compare", runs, "--target", 1)
    assert result.code == 0
    header, row, *_ = result.stdout.splitlines()
    assert header.split()[:2] == ["model", "parameters"]
    assert "tokens to 1" in header
    assert row.startswith("lstm-embed.hello  316")
    assert "a lstm-embed" in result.stdout
    assert "times are left out" in result.stderr


def test_csv_has_documented_columns(zoo: Zoo, runs: Path) -> None:
    header, row = zoo("compare", runs, "--csv").stdout.splitlines()
    assert header.startswith("model,recipe,differences,seeds,parameters,tokens,seconds,")
    assert row.startswith("lstm-embed,lstm-embed.hello,,0 1 2,316,")


def test_a_repeated_run_counts_once(zoo: Zoo, runs: Path, hello: Path) -> None:
    result = zoo("compare", runs, hello, "--json")
    (row,) = result.json["rows"]
    assert row["seeds"] == "0 1 2"
    assert result.json["remarks"] == [
        f"{hello} repeats {runs / 'seed=0'} and is counted once",
    ]


def test_a_damaged_run_among_others_is_left_out_by_name(zoo: Zoo, runs: Path) -> None:
    (runs / "seed=1" / "config.json").write_text("<html>")
    result = zoo("compare", runs)
    assert result.code == 0
    assert f"{runs / 'seed=1' / 'config.json'}: it is a web page" in result.stderr


def _wrong(hello: Path, tmp_path: Path) -> Iterator[tuple[list[object], int, str]]:
    other = shutil.copytree(hello, tmp_path / "other")
    change(other, fingerprint="0" * 64)
    damaged = shutil.copytree(hello, tmp_path / "damaged")
    (damaged / "config.json").write_text("<html>")
    yield [hello, other], 6, "are on different data of hello"
    yield [hello, "gru-embed.python-docs"], 6, "metrics of different data do not compare"
    yield [damaged], 4, "it is a web page"
    yield [tmp_path / "nothing"], 3, "it is no folder"
    yield ["gru-embd"], 3, "did you mean gru-embed"
    yield [hello, "--metric", "acuracy"], 3, "did you mean accuracy"
    yield [hello, "--json", "--csv"], 2, "exclude each other"
    yield [], 2, "REFERENCE"


def test_what_cannot_be_compared_is_refused_in_one_line(
    zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    for arguments, code, message in _wrong(hello, tmp_path):
        result = zoo("compare", *arguments)
        assert result.code == code, arguments
        assert message in result.stderr, result.stderr
