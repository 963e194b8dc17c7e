"""Data that a checkpoint's model cannot be evaluated on, and the command that trains one on it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from zoo_core.errors import MisfitError
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.checkpoints.checkpoint import read_checkpoint
from zoo_core.runtime.checkpoints.fit import check_fit


def test_data_of_other_labels_is_refused_with_the_command_to_train_on_it(
    catalog: Catalog, hello: Path, tmp_path: Path
) -> None:
    paths = [tmp_path / "a.txt", tmp_path / "b c.txt"]
    for path in paths:
        path.write_text("hello" * 100, "utf-8")
    checkpoint = read_checkpoint(catalog, hello)
    check_fit(checkpoint)
    other = checkpoint.with_dataset("text", values={"path": paths, "steps": 8})
    with pytest.raises(
        MisfitError, match=r"; text gives .*: evaluate it on data like its own"
    ) as e:
        check_fit(other)
    command = str(e.value).rpartition(", or train one: ")[2]
    assert shlex.split(command) == [
        *("zoo", "train", "lstm-embed", "--dataset", "text", "--dataset.steps", "8"),
        *("--dataset.path", str(paths[0]), "--dataset.path", str(paths[1])),
    ]
