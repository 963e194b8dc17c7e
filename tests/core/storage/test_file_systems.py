"""Which file systems keep their locks from other machines, by made answers of the kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo_core.errors import TargetError
from zoo_core.run_folder.lock import lock_run_folder
from zoo_core.storage import file_systems
from zoo_core.storage.file_systems import file_system_of
from zoo_core.sweeps.folder import lock_sweep_folder

MOUNT = "36 35 0:50 / {place} {options} shared:1 - {kind} server:/home {more}"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that is mounted, with a blank in its name."""
    path = tmp_path / "the home"
    path.mkdir()
    return path


def _mount(
    place: Path, kind: str, more: str = "rw", *, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    escaped = str(place).replace(" ", r"\040")
    lines = [
        "22 1 259:1 / / rw,relatime - ext4 /dev/root rw",
        MOUNT.format(place=escaped, options="rw,noatime", kind=kind, more=more),
    ]
    (tmp_path / "mountinfo").write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(file_systems, "MOUNTS", tmp_path / "mountinfo")


@pytest.mark.parametrize(
    ("kind", "options", "how"),
    [
        ("nfs", "rw,vers=3,nolock,addr=10.0.0.1", "mounted with nolock"),
        ("nfs4", "rw,vers=4.2,local_lock=flock", "mounted with local_lock=flock"),
        ("cifs", "rw,nobrl", "mounted with nobrl"),
        ("lustre", "rw,localflock", "mounted with localflock"),
        ("fuse.sshfs", "rw,user_id=0", "which has no locks between machines"),
        ("fuse.s3fs", "rw", "which has no locks between machines"),
    ],
)
def test_a_file_system_without_locks_between_machines_is_refused(
    place: Path,
    kind: str,
    options: str,
    how: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    _mount(place, kind, options, monkeypatch=monkeypatch, tmp_path=tmp_path)
    message = f"is on {kind}, {how}: two machines could write to it at once; choose a folder on a"
    with pytest.raises(TargetError, match=message), lock_run_folder(place / "run"):
        pass
    with pytest.raises(TargetError, match=message), lock_sweep_folder(place / "sweep"):
        pass
    assert list(place.iterdir()) == []
    with lock_run_folder(tmp_path / "elsewhere"):
        pass


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("nfs4", "rw,vers=4.2,local_lock=none"),
        ("cifs", "rw"),
        ("lustre", "rw,flock"),
        ("xfs", "rw"),
    ],
)
def test_a_file_system_that_passes_locks_on_is_used(
    place: Path, kind: str, options: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _mount(place, kind, options, monkeypatch=monkeypatch, tmp_path=tmp_path)
    system = file_system_of(place / "run" / "state")
    assert system is not None
    assert system.kind == kind
    with lock_run_folder(place / "run"):
        pass


def test_nothing_is_refused_where_the_system_does_not_tell(
    place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(file_systems, "MOUNTS", tmp_path / "missing")
    assert file_system_of(place) is None
    with lock_run_folder(place / "run"):
        pass


def test_a_line_that_is_cut_short_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text(
        "36 35\n22 1 0:1 / / rw - tmpfs none rw\n36 35 0:1 / /x rw -"
    )
    system = file_system_of(Path("/x/y"), tmp_path / "mountinfo")
    assert system is not None
    assert system.kind == "tmpfs"


def test_a_later_mount_hides_an_earlier_one_at_the_same_place(tmp_path: Path) -> None:
    lines = [
        MOUNT.format(place="/x", options="rw", kind=kind, more="rw") for kind in ("nfs4", "tmpfs")
    ]
    (tmp_path / "mountinfo").write_text("\n".join(lines))
    system = file_system_of(Path("/x/y"), tmp_path / "mountinfo")
    assert system is not None
    assert system.kind == "tmpfs"


def test_a_folder_whose_name_begins_as_that_of_a_mount_is_not_below_it(
    place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _mount(place, "fuse.sshfs", monkeypatch=monkeypatch, tmp_path=tmp_path)
    for path, kind in ((place, "fuse.sshfs"), (place.with_name("the home 2"), "ext4")):
        system = file_system_of(path)
        assert system is not None
        assert system.kind == kind
