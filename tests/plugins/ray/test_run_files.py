"""Sending the files of a run from one machine to another."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from zoo_core.errors import IntegrityError, TargetError
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.locate import load_checkpoint
from zoo_ray import run_files as run_files_module
from zoo_ray.parcels import Parcel
from zoo_ray.run_files import RunReceiver, run_files, send_run

pytestmark = pytest.mark.full


def _parcels(folder: Path) -> Iterator[Parcel]:
    """The parcels of a folder, through their bytes."""
    for parcel in send_run(folder):
        yield Parcel.from_bytes(parcel.to_bytes())


def _contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in run_files(folder)}


@pytest.fixture(autouse=True)
def small_parcels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_files_module, "CHUNK", 100)


def test_a_run_arrives_byte_for_byte(hello: Path, tmp_path: Path) -> None:
    target = tmp_path / "there" / "seed=0"
    target.parent.mkdir()
    receiver = RunReceiver(target)
    for parcel in _parcels(hello):
        receiver.add(parcel)
        assert not target.exists()
    receiver.finish()
    assert _contents(target) == _contents(hello)
    assert [path.name for path in target.parent.iterdir()] == ["seed=0"]


def test_the_manifest_comes_last(hello: Path) -> None:
    names = run_files(hello)
    assert names[0] == "state/MADE_BY_ZOO"
    assert names[-1] == "config.json"


def test_an_earlier_state_is_replaced(hello: Path, tmp_path: Path) -> None:
    target = shutil.copytree(hello, tmp_path / "old")
    (state,) = [path for path in (target / "state").iterdir() if path.name.isdigit()]
    state.rename(state.with_name("7"))
    receiver = RunReceiver(target)
    for parcel in _parcels(hello):
        receiver.add(parcel)
    receiver.finish()
    assert _contents(target) == _contents(hello)
    assert not (target / "state" / "7").exists()


def test_a_receiver_that_dies_in_the_middle_leaves_a_run_that_loads(
    hello: Path, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = run_files(hello)
    moves = [0]
    replace = Path.replace

    def die(path: Path, target: Path) -> Path:
        if "there" in path.parts and ".tmp" in str(path.parent):
            moves[0] += 1
            if moves[0] > len(names) - 1:
                raise OSError("killed")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", die)
    target = tmp_path / "there" / "seed=0"
    receiver = RunReceiver(target)
    for parcel in _parcels(hello):
        receiver.add(parcel)
    with pytest.raises(TargetError):
        receiver.finish()
    assert not (target / "config.json").exists()
    load_checkpoint(catalog, f"dir:{target}")


@pytest.mark.parametrize("name", ["../seed=1/config.json", "/etc/passwd", "state/../../x"])
def test_a_file_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    parcel = Parcel("file", {"name": name, "sha256": "0" * 64, "is_last": True}, b"")
    with pytest.raises(IntegrityError, match="which is no file of a run"):
        RunReceiver(tmp_path / "seed=0").add(parcel)
