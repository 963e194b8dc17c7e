"""A run in a notebook, and one outside."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import zoo_core
from tests.runtime.runs import contents
from zoo_core.runtime.notebook import in_notebook

EPOCHS = {"trainer": {"epochs": 4}}


def test_a_run_outside_a_notebook_shows_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not in_notebook()
    zoo_core.train("lstm-embed", tmp_path / "run", settings=EPOCHS)
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def notebook(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """The function that captures what a notebook would show, in IPython with a kernel's shell."""
    interactiveshell = pytest.importorskip("IPython.core.interactiveshell")
    capture = pytest.importorskip("IPython.utils.capture")
    Config = pytest.importorskip("traitlets.config").Config

    class ZMQInteractiveShell(interactiveshell.InteractiveShell):  # type: ignore[misc,name-defined]
        """Has the name by which a kernel is known."""

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
    # Its history would be kept in the user's own folder, by a thread that outlives the test.
    shell = ZMQInteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    assert shell.ipython_dir == os.environ["IPYTHONDIR"]
    yield capture.capture_output
    ZMQInteractiveShell.clear_instance()


@pytest.mark.full
def test_a_run_in_a_notebook_shows_a_bar_and_its_curve(notebook: Any, tmp_path: Path) -> None:
    assert in_notebook()
    with notebook() as shown:
        zoo_core.train("lstm-embed", tmp_path / "run", settings=EPOCHS)
    pictures = [output for output in shown.outputs if "image/png" in output.data]
    assert pictures, "no curve"
    assert [output.update for output in pictures] == [False] + [True] * (len(pictures) - 1)
    assert "/4 [" in shown.stderr


@pytest.mark.full
def test_a_notebook_changes_no_bit_of_a_run(
    notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with notebook():
        zoo_core.train("lstm-embed", tmp_path / "inside", settings=EPOCHS)
    monkeypatch.delitem(sys.modules, "IPython")
    zoo_core.train("lstm-embed", tmp_path / "outside", settings=EPOCHS)
    assert contents(tmp_path / "inside") == contents(tmp_path / "outside")
