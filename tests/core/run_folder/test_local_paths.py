"""Local paths: out of the manifest, and back where they are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.run_folder.manifests import VALUES
from zoo_core.run_folder.local_paths import (
    LOCAL,
    NO_PATHS,
    find_local_paths,
    with_local_paths,
    without_local_paths,
    write_local_paths,
)
from zoo_core.run_folder.run_config import RunConfig

DATASET = {"path": "/home/somebody/texts/mine.txt", "copy": None, "word": "/a/b"}
KEYS = {"dataset": ["path", "copy"]}


def run_config(source: str = "/home/somebody/runs/first") -> RunConfig:
    """A run config with a path and a text that looks like one."""
    values = VALUES | {"configs": VALUES["configs"] | {"dataset": DATASET}, "source": source}
    return RunConfig.from_json(values)


def test_a_file_is_named_by_its_base_name() -> None:
    short = without_local_paths(run_config(), find_local_paths(run_config(), KEYS))
    assert short.configs["dataset"] == DATASET | {"path": "mine.txt"}
    assert short.source == "dir:first"
    assert without_local_paths(short, find_local_paths(short, KEYS)) == short


@pytest.mark.parametrize("source", ["", "hub:owner/repo@main", "gru-embed.python-docs"])
def test_a_source_that_is_no_folder_is_kept(source: str) -> None:
    paths = find_local_paths(run_config(source), KEYS)
    assert without_local_paths(run_config(source), paths).source == source


def test_paths_come_back_on_the_same_machine(tmp_path: Path) -> None:
    paths = find_local_paths(run_config(), KEYS)
    write_local_paths(tmp_path, paths)
    restored = with_local_paths(without_local_paths(run_config(), paths), tmp_path)
    assert restored.configs == run_config().configs
    assert restored.source == f"dir:{run_config().source}"


def test_a_relative_path_comes_back_in_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = run_config("./first")
    config.configs["dataset"] |= {"path": "mine.txt"}
    write_local_paths(tmp_path, find_local_paths(config, KEYS))
    short = without_local_paths(config, find_local_paths(config, KEYS))
    monkeypatch.chdir("/")
    restored = with_local_paths(short, tmp_path)
    assert restored.configs["dataset"]["path"] == str(tmp_path / "mine.txt")
    assert restored.source == f"dir:{tmp_path / 'first'}"


def test_the_paths_of_an_earlier_run_are_removed_or_ignored(tmp_path: Path) -> None:
    write_local_paths(tmp_path, find_local_paths(run_config(), KEYS))
    other = run_config("")
    other.configs["dataset"] |= {"path": "other.txt"}
    assert with_local_paths(other, tmp_path) == other
    write_local_paths(tmp_path, NO_PATHS)
    assert not (tmp_path / "state" / LOCAL).exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"configs": {"dataset": 1}, "source": ""}'])
def test_a_damaged_file_is_ignored(tmp_path: Path, text: str) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / LOCAL).write_text(text)
    assert with_local_paths(run_config(), tmp_path) == run_config()
