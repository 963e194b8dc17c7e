"""Saved states: the files on disk before and after a crash."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.runtime.checkpoints.crash_points import crashes
from tests.runtime.runs import interrupt
from zoo_core.errors import IntegrityError, NotFoundError, TargetError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.checkpoints.checkpoint import read_checkpoint
from zoo_core.runtime.checkpoints.resume_states import (
    SavedState,
    StateFiles,
    check_has_state,
    has_state,
    read_state,
    write_state,
)
from zoo_core.runtime.checkpoints.tensors import all_finite
from zoo_core.runtime.run import Run

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform cannot fork")


@pytest.fixture(scope="module")
def saved(
    catalog: Catalog, run_config: RunConfig, tmp_path_factory: pytest.TempPathFactory
) -> dict[int, SavedState]:
    """The states after three, seven and nine steps."""
    states = {}
    for step in (3, 7, 9):
        folder = tmp_path_factory.mktemp("states")
        interrupt(Run(catalog, run_config, folder), step)
        states[step] = read_state(folder)
    return states


@pytest.fixture
def early(saved: dict[int, SavedState]) -> SavedState:
    return saved[3]


@pytest.fixture
def late(saved: dict[int, SavedState]) -> SavedState:
    return saved[7]


def names(folder: Path) -> set[str]:
    """Returns the names in the folder of states."""
    return {path.name for path in (folder / "state").iterdir()}


def test_a_state_is_restored_bit_for_bit(tmp_path: Path, late: SavedState) -> None:
    write_state(tmp_path, StateFiles.of(late))
    loaded = read_state(tmp_path)
    assert loaded._replace(loop_state=late.loop_state) == late
    assert loaded.loop_state[3:] == late.loop_state[3:]
    for ours, theirs in zip(loaded.loop_state[:3], late.loop_state[:3], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_current_names_the_last_state_and_older_ones_are_removed(
    tmp_path: Path, early: SavedState, late: SavedState
) -> None:
    assert write_state(tmp_path, StateFiles.of(early)) == 3
    assert write_state(tmp_path, StateFiles.of(late)) == 7
    assert (tmp_path / "state" / "CURRENT").read_text() == "7\n"
    assert names(tmp_path) == {"CURRENT", "7"}


def test_a_state_consists_of_safetensors_and_json(tmp_path: Path, late: SavedState) -> None:
    write_state(tmp_path, StateFiles.of(late))
    files = {path.name for path in (tmp_path / "state" / "7").iterdir()}
    assert files == {"last.safetensors", "best.safetensors", "tensors.safetensors", "values.json"}
    assert load_file(tmp_path / "state" / "7" / "tensors.safetensors").keys() >= {"random.cpu"}


def test_the_current_state_is_not_written_twice(tmp_path: Path, early: SavedState) -> None:
    write_state(tmp_path, StateFiles.of(early))
    before = (tmp_path / "state" / "3" / "values.json").stat().st_ino
    write_state(tmp_path, StateFiles.of(early))
    assert (tmp_path / "state" / "3" / "values.json").stat().st_ino == before


def test_permissions_are_what_the_umask_gives(tmp_path: Path, early: SavedState) -> None:
    mask = os.umask(0o027)
    try:
        write_state(tmp_path, StateFiles.of(early))
    finally:
        os.umask(mask)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "state").rglob("*.*")}
    assert modes == {0o640}


def test_a_folder_without_states_has_none(tmp_path: Path) -> None:
    assert not has_state(tmp_path)
    with pytest.raises(NotFoundError, match="no run to resume"):
        read_state(tmp_path)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (
            "config.json",
            "it is a checkpoint without the state of its run; to start from its weights: "
            "zoo train MODEL --from ",
        ),
        ("sweep.toml", "it is a sweep; to continue it: zoo sweep "),
    ],
)
def test_what_is_no_run_is_told_how_to_go_on(tmp_path: Path, file: str, reason: str) -> None:
    (tmp_path / file).touch()
    expected = re.escape(f"no run to resume in {tmp_path}: {reason}{tmp_path}")
    with pytest.raises(NotFoundError, match=f"^{expected}$"):
        check_has_state(tmp_path)


@pytest.mark.parametrize("name", ["", "../3", "three", ".3.tmp"])
def test_current_may_name_nothing_but_a_step(tmp_path: Path, early: SavedState, name: str) -> None:
    write_state(tmp_path, StateFiles.of(early))
    (tmp_path / "state" / "CURRENT").write_text(name)
    with pytest.raises(IntegrityError, match="names no state"):
        read_state(tmp_path)


@pytest.mark.parametrize("name", ["last.safetensors", "tensors.safetensors", "values.json"])
@pytest.mark.parametrize("size", [0, 40, None])
def test_a_state_that_is_not_whole_is_refused(
    tmp_path: Path, early: SavedState, name: str, size: int | None
) -> None:
    write_state(tmp_path, StateFiles.of(early))
    file = tmp_path / "state" / "3" / name
    file.unlink() if size is None else os.truncate(file, size)
    with pytest.raises(IntegrityError, match=r"state.3"):
        read_state(tmp_path)


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("plan", "seed"), "7", "plan: seed = '7': expected an integer"),
        (("signature",), [], "signature: "),
        (("versions", "torch"), 2, "versions.torch = 2: expected text"),
        (("fingerprint",), None, "fingerprint = None: expected text"),
        (("snapshot", "position"), None, "snapshot.position = None: expected a table"),
        (
            ("snapshot", "position", "steps"),
            "3",
            "snapshot.position.steps = '3': expected an integer",
        ),
        (
            ("snapshot", "position", "totals", "loss"),
            "low",
            "snapshot.position.totals.loss = 'low': expected a number",
        ),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else "",
)
def test_a_value_of_the_wrong_type_is_refused_by_its_key(
    tmp_path: Path, early: SavedState, keys: tuple[str, ...], value: object, message: str
) -> None:
    write_state(tmp_path, StateFiles.of(early))
    path = tmp_path / "state" / "3" / "values.json"
    values = json.loads(path.read_text())
    table = values
    for key in keys[:-1]:
        table = table[key]
    table[keys[-1]] = value
    path.write_text(json.dumps(values))
    with pytest.raises(IntegrityError, match=re.escape(f"{path}: {message}")):
        read_state(tmp_path)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path, early: SavedState) -> None:
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(TargetError, match=r"cannot write .*state"):
        write_state(tmp_path, StateFiles.of(early))


@forks
def test_a_crash_while_saving_leaves_the_old_state_or_the_new(
    catalog: Catalog, tmp_path: Path, early: SavedState, late: SavedState
) -> None:
    folder = tmp_path / "run"
    write_state(folder, StateFiles.of(early))
    copies = crashes(folder, tmp_path / "copies", lambda: write_state(folder, StateFiles.of(late)))
    steps = [read_state(copy).loop_state.progress.steps for copy in copies]
    assert steps == sorted(steps)
    assert set(steps) == {3, 7}
    assert all(all_finite(read_checkpoint(catalog, copy).weights) for copy in copies)


@forks
def test_after_a_crash_the_next_save_works_and_clears_the_remains(
    tmp_path: Path, saved: dict[int, SavedState]
) -> None:
    folder = tmp_path / "run"
    write_state(folder, StateFiles.of(saved[3]))
    for copy in crashes(
        folder, tmp_path / "copies", lambda: write_state(folder, StateFiles.of(saved[7]))
    ):
        write_state(copy, StateFiles.of(saved[9]))
        assert read_state(copy).loop_state[3:] == saved[9].loop_state[3:]
        assert names(copy) == {"CURRENT", "9"}


@forks
def test_a_crash_before_the_first_state_leaves_no_run(tmp_path: Path, early: SavedState) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    copies = crashes(folder, tmp_path / "copies", lambda: write_state(folder, StateFiles.of(early)))
    whole = [has_state(copy) for copy in copies]
    assert whole == sorted(whole)
    for copy in copies:
        write_state(copy, StateFiles.of(early))
        assert read_state(copy).loop_state[3:] == early.loop_state[3:]


@pytest.mark.parametrize(("damage", "problem"), [("remove", "missing"), ("cut", "damaged")])
def test_a_state_without_whole_values_says_what_to_do(
    tmp_path: Path, damage: str, problem: str
) -> None:
    state = tmp_path / "state" / "7"
    state.mkdir(parents=True)
    (state.parent / "CURRENT").write_text("7")
    if damage == "cut":
        (state / "values.json").write_text('{"seed": ')
    with pytest.raises(IntegrityError) as caught:
        read_state(tmp_path)
    message = f"is not a whole state: values.json is {problem}; train the run again, with --over"
    assert message in str(caught.value)


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are named by /proc")
def test_the_name_of_a_state_is_on_the_disk_before_current_names_it(
    tmp_path: Path, early: SavedState, late: SavedState, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_state(tmp_path, StateFiles.of(early))
    states, seen, sync = tmp_path / "state", [], os.fsync

    def record(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink() == states:
            current = (states / "CURRENT").read_text().strip()
            seen.append(((states / "7").is_dir(), current))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    write_state(tmp_path, StateFiles.of(late))
    assert (True, "3") in seen
    assert seen[-1] == (True, "7")
