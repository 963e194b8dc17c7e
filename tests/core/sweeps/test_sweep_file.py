"""A file that asks for every row with every column."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.sweeps.conftest import Ask
from zoo_core.errors import ConfigError, IntegrityError, NotFoundError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.manifest import SWEEP
from zoo_core.sweeps.folder import write_sweep
from zoo_core.sweeps.sweep import Sweep
from zoo_core.sweeps.sweep_file import is_sweep_path, read_asked_sweep

TEXT = """
seeds = [0, 2]
threads = 1
model = { hidden_size = 5 }
trainer = { epochs = 2, learning_rate = 0.5 }

[rows]
small.model = { name = "rnn-cell", hidden_size = 3 }
large = { model = { name = "gru-embed" }, trainer = { learning_rate = 0.25 } }

[columns]
hello.dataset = { name = "hello" }
parity = { dataset = { name = "parity", examples = 64 }, trainer = { name = "task", epochs = 7 } }
"""


def written(tmp_path: Path, text: str) -> str:
    """Returns the path of a file with this text."""
    path = tmp_path / "asked.toml"
    path.write_text(text)
    return str(path)


def test_every_row_is_asked_with_every_column_and_columns_beat_rows(
    catalog: Catalog, tmp_path: Path
) -> None:
    sweep = read_asked_sweep(catalog, written(tmp_path, TEXT)).sweep
    assert sweep.threads == 1
    runs = {run.name: run.run_config.configs for run in sweep.runs()}
    assert list(runs)[:5] == [
        "seed=0,small.hello",
        "seed=0,small.parity",
        "seed=0,large.hello",
        "seed=0,large.parity",
        "seed=2,small.hello",
    ]
    assert len(runs) == 8
    assert runs["seed=0,small.parity"]["model"]["hidden_size"] == 3
    assert runs["seed=2,large.parity"]["model"]["hidden_size"] == 5
    assert runs["seed=0,large.parity"]["dataset"]["examples"] == 64
    rates = [
        runs[f"seed=0,{name}"]["trainer"]["learning_rate"]
        for name in ("small.hello", "large.hello")
    ]
    assert rates == [0.5, 0.25]
    assert [runs[f"seed=0,large.{name}"]["trainer"]["epochs"] for name in ("hello", "parity")] == [
        2,
        7,
    ]


def test_a_column_beats_a_row_and_a_row_the_top_of_the_file(
    catalog: Catalog, tmp_path: Path
) -> None:
    text = """
    trainer = { epochs = 2, learning_rate = 0.5 }
    [rows.small]
    model.name = "rnn-cell"
    trainer = { epochs = 3, learning_rate = 0.25 }
    [columns.hello]
    dataset.name = "hello"
    trainer.epochs = 4
    """
    (run,) = read_asked_sweep(catalog, written(tmp_path, text)).sweep.runs()
    trainer = run.run_config.configs["trainer"]
    assert (trainer["epochs"], trainer["learning_rate"]) == (4, 0.25)


def test_the_default_folder_depends_on_everything_but_the_seeds(
    catalog: Catalog, tmp_path: Path
) -> None:
    asked = read_asked_sweep(catalog, written(tmp_path, TEXT))
    assert asked.folder.name.startswith("asked-")
    more = read_asked_sweep(catalog, written(tmp_path, TEXT.replace("[0, 2]", "[0, 1, 2]")))
    assert more.folder == asked.folder
    assert [run.seed for run in asked.with_seeds([4]).sweep.runs()] == [4] * 4
    other = read_asked_sweep(catalog, written(tmp_path, TEXT.replace("= 64", "= 65")))
    assert other.folder != asked.folder


def test_the_folder_of_a_sweep_and_its_file_ask_for_the_same(
    ask: Ask, catalog: Catalog, tmp_path: Path
) -> None:
    sweep = Sweep(threads=1, questions=(ask({"model.hidden_size": [3, 4]}),))
    write_sweep(tmp_path, sweep)
    for reference in (f"{tmp_path}/", f"dir:{tmp_path}", str(tmp_path / SWEEP)):
        assert is_sweep_path(reference)
        asked = read_asked_sweep(catalog, reference)
        assert (asked.folder, len(asked.sweep.runs())) == (tmp_path, 2)
    copied = written(tmp_path, (tmp_path / SWEEP).read_text())
    assert read_asked_sweep(catalog, copied).folder != tmp_path


def test_a_model_is_no_file() -> None:
    assert not is_sweep_path("lstm-embed.hello")
    assert not is_sweep_path("hub:a/b")
    assert is_sweep_path("asked.toml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("threads = 1", "threads = -1", "threads = -1"),
        ("threads = 1", "threads = 1025", "threads = 1025: expected an integer from 0 to 1024"),
        ("threads = 1", "thread = 1", "thread"),
        ("[0, 2]", "[4294967296]", "seeds.*: expected an integer from 0 to 4294967295"),
        ("[0, 2]", "[]", "at least one seed"),
        ("hidden_size = 3", "hidden_size = 0", r"small\.hello: model\.hidden_size"),
        ("hidden_size = 3", "hiden_size = 3", r"small\.hello: .*hiden_size"),
        ('name = "rnn-cell", ', "", r"small\.hello: model\.name is missing"),
        ('"rnn-cell"', "3", r"model\.name = 3: expected text"),
        ("small.model", '"a b".model', "'a b': a row or column is named with letters"),
        ("seeds = [0, 2]", "seeds = [0,", "not valid TOML"),
    ],
)
def test_a_fault_names_the_file_and_the_place(
    catalog: Catalog, tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in TEXT
    with pytest.raises(ConfigError, match=rf"asked\.toml: .*{message}"):
        read_asked_sweep(catalog, written(tmp_path, TEXT.replace(old, new, 1)))


def test_a_name_that_is_not_found_is_shown_with_its_place(catalog: Catalog, tmp_path: Path) -> None:
    path = written(tmp_path, TEXT.replace('"rnn-cell"', '"rnn-sell"', 1))
    with pytest.raises(NotFoundError, match=r"asked\.toml: small\.hello: .*rnn-sell"):
        read_asked_sweep(catalog, path)


def test_a_missing_file_and_a_folder_without_a_sweep_are_not_found(
    catalog: Catalog, tmp_path: Path
) -> None:
    for reference in (str(tmp_path / "no.toml"), f"{tmp_path}/", f"{tmp_path}/no"):
        with pytest.raises(NotFoundError, match=r"no file|no sweep in"):
            read_asked_sweep(catalog, reference)
    (tmp_path / SWEEP).write_text("format = 9")
    with pytest.raises(IntegrityError, match="this core reads 1"):
        read_asked_sweep(catalog, f"{tmp_path}/")
