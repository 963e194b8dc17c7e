"""No command removes, replaces or renames a file that is open, which Windows refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.runtime.sweeps.in_process import InProcessEngine
from tests.windows import needs_proc, rules_of_open_files
from zoo_core.runtime.sweeps import sweep as sweeps
from zoo_core.storage.locations import runs_folder

pytestmark = needs_proc
SHORT = ("--trainer.epochs", "1")


@pytest.fixture(autouse=True)
def windows(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Gives this process the rules of Windows, and what the zoo does there."""
    monkeypatch.setattr("zoo_core.runtime.checkpoints.tensors.COPIES", True)
    with rules_of_open_files():
        yield


def test_the_rules_hold(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("text", "utf-8")
    with path.open("rb"):
        for change in (path.unlink, lambda: path.replace(tmp_path / "new")):
            with pytest.raises(PermissionError, match="another process"):
                change()
        with pytest.raises(PermissionError, match="another process"):
            tmp_path.rename(tmp_path.with_name("moved"))
    path.unlink()


def test_a_run_is_trained_over_itself_and_removed(zoo: Zoo) -> None:
    for words in ([], ["--overwrite"]):
        result = zoo("train", "lstm-embed", "--name", "owl", *SHORT, *words)
        assert result.code == 0, result.stderr
    assert zoo("runs", "remove", "owl", "--yes").code == 0
    assert not list(runs_folder().iterdir())


def test_a_refused_run_leaves_no_folder(zoo: Zoo, tmp_path: Path) -> None:
    (tmp_path / "short.txt").write_text("a", "utf-8")
    options = ("--dataset", "text", "--dataset.path", tmp_path / "short.txt")
    result = zoo("train", "lstm-embed", *options, "--out", tmp_path / "run")
    assert result.code == 6, result.stderr
    assert not (tmp_path / "run").exists()


def test_a_checkpoint_is_trained_further_into_its_own_folder(zoo: Zoo, tmp_path: Path) -> None:
    assert zoo("train", "lstm-embed", "--out", tmp_path / "run", *SHORT).code == 0
    words = ("--from", tmp_path / "run", "--out", tmp_path / "run", "--overwrite", *SHORT)
    result = zoo("train", "lstm-embed", *words)
    assert result.code == 0, result.stderr


def test_a_complete_run_gets_more_epochs(zoo: Zoo, tmp_path: Path) -> None:
    assert zoo("train", "lstm-embed", "--out", tmp_path / "run", *SHORT).code == 0
    result = zoo("resume", tmp_path / "run", "--epochs", "2")
    assert result.code == 0, result.stderr


def test_a_sweep_is_trained_and_continued(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run is trained in this process, where the rules hold for its files too."""
    for seeds in ("0", "0,1"):
        words = ("--seeds", seeds, "--out", tmp_path / "sweep", *SHORT)
        result = zoo("sweep", "lstm-embed", *words)
        assert result.code == 0, result.stderr
        monkeypatch.setattr(sweeps, "LocalEngine", lambda processes: InProcessEngine())


def test_a_checkpoint_is_copied_built_for_the_hub_and_exported(zoo: Zoo, tmp_path: Path) -> None:
    for words in (
        ("pull", "lstm-embed.hello", "--to", tmp_path / "copy"),
        ("push", tmp_path / "copy", "owl/hello", "--to", tmp_path / "upload"),
        ("export", tmp_path / "copy", "--format", "torch", "--to", tmp_path / "exported"),
        ("reproduce", "lstm-embed.hello", "--out", tmp_path / "out"),
    ):
        result = zoo(*words)
        assert result.code == 0, result.stderr
