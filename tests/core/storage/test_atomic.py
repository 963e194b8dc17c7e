"""Writing files: all or nothing."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from zoo_core.errors import TargetError
from zoo_core.storage import atomic
from zoo_core.storage.atomic import (
    check_new_file,
    keep_lines,
    new_folder,
    sync_folder,
    target_errors,
    write_file,
    write_files,
    write_new,
)


@pytest.fixture
def umask() -> Iterator[int]:
    """A umask that is not a usual default."""
    before = os.umask(0o037)
    yield 0o037
    os.umask(before)


def test_a_file_is_written(tmp_path: Path) -> None:
    write_file(tmp_path / "a.json", b"\x00new")
    assert (tmp_path / "a.json").read_bytes() == b"\x00new"


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old and longer")
    write_file(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_reader_of_the_old_file_still_reads_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        write_file(path, b"new")
        assert reader.read() == b"old"


def test_nothing_else_is_left_in_the_folder(tmp_path: Path) -> None:
    write_file(tmp_path / "a.json", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no umask")
def test_permissions_are_those_of_the_umask(tmp_path: Path, umask: int) -> None:
    write_file(tmp_path / "a.json", b"new")
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("place", ["gone/a.json", "file/a.json", "folder"])
def test_an_unwritable_place_is_refused_by_path(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(TargetError) as caught:
        write_file(tmp_path / place, b"new")
    assert str(caught.value).startswith(f"cannot write {tmp_path / place}: ")


@pytest.mark.parametrize("below", ["", "a/b"])
def test_a_link_that_leads_nowhere_is_named_as_the_reason(tmp_path: Path, below: str) -> None:
    link = tmp_path / "link"
    link.symlink_to("gone")
    with pytest.raises(TargetError) as error, target_errors(link / below):
        (link / below).mkdir(parents=True)
    assert str(error.value) == f"cannot write {link / below}: {link} is a link that leads nowhere"


@pytest.mark.parametrize("below", ["", "a/b"])
def test_no_new_folder_is_made_where_a_link_leads_nowhere(tmp_path: Path, below: str) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "disk" / "folder")
    message = f"cannot write {link / below}: {link} is a link that leads nowhere"
    with pytest.raises(TargetError) as error, new_folder(link / below):
        pytest.fail("there is a folder to fill")
    assert str(error.value) == message
    assert list(tmp_path.iterdir()) == [link]


def test_a_link_to_a_folder_that_is_there_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with new_folder(tmp_path / "link") as folder:
        (folder / "a").write_bytes(b"new")
    assert (tmp_path / "link").is_symlink()
    assert contents(tmp_path / "real") == {"a": b"new"}


@pytest.mark.parametrize("home", ["file", "file/below"])
def test_a_home_that_is_no_folder_is_named_where_it_is_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    (tmp_path / "file").write_bytes(b"old")
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / home))
    remedy = "; set ZOO_HOME to a folder that can be written to"
    for place, ends in [(f"{home}/runs/a", True), ("gone/a", False)]:
        with pytest.raises(TargetError) as caught:
            write_file(tmp_path / place, b"new")
        assert str(caught.value).endswith(remedy) is ends


def test_a_failure_leaves_the_old_file_and_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(TargetError):
        write_file(tmp_path / "folder", b"new")
    paths = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert paths == ["folder", str(Path("folder", "full"))]


def test_files_that_belong_together_are_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    write_files({tmp_path / "a": b"new", tmp_path / "b": b"other"})
    assert contents(tmp_path) == {"a": b"new", "b": b"other"}


@pytest.mark.parametrize("has_links", [True, False])
def test_of_files_that_belong_together_all_are_written_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    if not has_links:
        monkeypatch.setattr(os, "link", _refuse)
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "later").write_bytes(b"as it was")
    (tmp_path / "folder").mkdir()
    before = contents(tmp_path)
    files = {tmp_path / name: b"new" for name in ("old", "fresh", "folder", "later")}
    with pytest.raises(TargetError, match=r"^cannot write .*folder: Is a directory$"):
        write_files(files)
    assert contents(tmp_path) == before


def test_nothing_is_replaced_before_every_file_is_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    with pytest.raises(TargetError, match=r"^cannot write .*gone.b: No such file or directory$"):
        write_files({tmp_path / "old": b"new", tmp_path / "gone" / "b": b"new"})
    assert contents(tmp_path) == {"old": b"old"}


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder by name; a folder in it has no content."""
    return {path.name: path.read_bytes() if path.is_file() else b"" for path in folder.iterdir()}


def test_new_files_are_written_whole(tmp_path: Path) -> None:
    write_new(tmp_path / "a", b"1" * 100_000)
    sync_folder(tmp_path)
    assert (tmp_path / "a").stat().st_size == 100_000


@pytest.mark.parametrize("advice", ["taken", "refused", "not to be had"])
@pytest.mark.parametrize("size", [0, 1, 6, 7, 8, 14, 40])
def test_a_large_file_is_written_whole_while_the_system_writes_it_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, advice: str
) -> None:
    monkeypatch.setattr(atomic, "PIECE", 7)
    if advice == "refused":
        monkeypatch.setattr(os, "posix_fadvise", _refuse, raising=False)
    elif advice == "not to be had":
        monkeypatch.delattr(os, "posix_fadvise", raising=False)
    content = bytes(range(size))
    write_new(tmp_path / "f", b"head", content, memoryview(content))
    assert (tmp_path / "f").read_bytes() == b"head" + content + content


def _refuse(*_: object) -> None:
    raise OSError(errno.EINVAL, "Invalid argument")


def test_only_errors_of_the_file_system_become_refusals(tmp_path: Path) -> None:
    with pytest.raises(KeyError), target_errors(tmp_path):
        raise KeyError("ours")


def test_a_refusal_keeps_its_cause(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="no room") as caught, target_errors(tmp_path):
        raise OSError(28, "no room")
    assert isinstance(caught.value.__cause__, OSError)


def test_a_file_that_windows_does_not_replace_while_it_is_read_is_replaced_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, attempts = tmp_path / "a.json", []
    path.write_bytes(b"old")
    replace = Path.replace

    def refuse_twice(source: Path, target: Path) -> Path:
        attempts.append(target)
        if len(attempts) < 3:
            raise PermissionError(13, "Access is denied")
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", refuse_twice)
    monkeypatch.setattr("zoo_core.storage.atomic.PAUSES", (0.0, 0.0, 0.0))
    write_file(path, b"new")
    assert (path.read_bytes(), len(attempts)) == (b"new", 3)


def test_a_file_that_stays_open_is_refused_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> Path:
        raise PermissionError(13, "Access is denied")

    (tmp_path / "a.json").write_bytes(b"old")
    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr("zoo_core.storage.atomic.PAUSES", (0.0,))
    with pytest.raises(TargetError, match=r"cannot write .*a\.json: Access is denied"):
        write_file(tmp_path / "a.json", b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_of_lines_those_before_the_first_that_is_not_whole_or_not_to_be_kept_stay(
    tmp_path: Path,
) -> None:
    path = tmp_path / "rows"
    path.write_bytes(b"1\n2\n3\n4")
    keep_lines(path, lambda line: True)
    assert path.read_bytes() == b"1\n2\n3\n"
    keep_lines(path, lambda line: line != b"2\n")
    assert path.read_bytes() == b"1\n"


def test_the_working_directory_is_not_replaced_by_a_new_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with (
        pytest.raises(TargetError, match="here is where you are; choose a folder that is new"),
        new_folder(tmp_path / "here"),
    ):
        pass
    assert (tmp_path / "here").samefile(Path.cwd())


def test_a_new_file_in_a_closed_folder_is_refused_before_its_content_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(TargetError) as caught:
        check_new_file(tmp_path / "a", overwrite=False)
    assert str(caught.value).endswith(f"permission denied in {tmp_path}")
