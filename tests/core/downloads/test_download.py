"""Downloads: fetched once, checked, gone on with, and where to put a copy if all fails."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.core.downloads.file_server import Mirror, mirror
from zoo_core.downloads import http, retry
from zoo_core.downloads.download import RemoteFile, fetch
from zoo_core.downloads.progress import ProgressCallback, report_progress
from zoo_core.errors import DataError, IntegrityError, NetworkError, TargetError

CONTENT = bytes(range(256)) * 2000
GONE = "http://127.0.0.1:9/file"
"""Nobody listens there."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    with mirror(CONTENT) as running:
        yield running


def file(*mirrors: str, content: bytes = CONTENT) -> RemoteFile:
    """The file that the mirrors are said to have."""
    sha256 = hashlib.sha256(content).hexdigest()
    return RemoteFile(name="data/file.bin", size=len(content), sha256=sha256, mirrors=mirrors)


def part_in(folder: Path) -> Path:
    """Where the file grows, in a folder that is there."""
    (folder / "data").mkdir()
    return folder / "data" / f".file.bin.{file().sha256[:8]}.part"


def left_over(folder: Path) -> list[str]:
    """What lies beside the file, but for the lock."""
    names = [path.name for path in (folder / "data").iterdir() if path.suffix != ".lock"]
    return sorted(set(names) - {"file.bin"})


def test_a_file_is_fetched_once(server: Mirror, tmp_path: Path) -> None:
    for _ in range(2):
        assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT
    assert server.requests == [""]
    assert left_over(tmp_path) == []


def test_progress_is_told_up_to_the_end(server: Mirror, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []

    def record(name: str, size: int) -> ProgressCallback:
        return lambda done, size: seen.append((name, done, size))

    with report_progress(record):
        fetch(file(server.url), tmp_path)
    assert seen[-1] == ("data/file.bin", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_a_broken_transfer_goes_on_where_it_broke(server: Mirror, tmp_path: Path) -> None:
    server.breaks = [100_000, 50_000]
    assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT
    assert server.requests == ["", "bytes=100000-", "bytes=150000-"]


def test_a_server_without_ranges_starts_again(server: Mirror, tmp_path: Path) -> None:
    server.ranges, server.breaks = False, [100_000]
    assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT
    assert server.requests == ["", "bytes=100000-"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_in_trouble_is_asked_again(server: Mirror, tmp_path: Path, status: int) -> None:
    server.statuses = [status, status]
    assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_taken_at_once(server: Mirror, tmp_path: Path, status: int) -> None:
    server.statuses = [status] * 9
    with pytest.raises(NetworkError, match=f"HTTP {status}"):
        fetch(file(server.url), tmp_path)
    assert len(server.requests) == 1


def test_the_next_mirror_takes_over(server: Mirror, tmp_path: Path) -> None:
    assert fetch(file(GONE, server.url), tmp_path).read_bytes() == CONTENT


def test_without_a_mirror_the_error_says_what_to_put_where(tmp_path: Path) -> None:
    expected = file(GONE)
    began = time.monotonic()
    with pytest.raises(NetworkError) as caught:
        fetch(expected, tmp_path)
    said = str(caught.value)
    assert time.monotonic() - began < 5
    assert (
        f"a copy with sha256 {expected.sha256} may be put at {tmp_path / 'data/file.bin'}" in said
    )
    assert caught.value.exit_code == 5
    assert "\n" not in said


def test_a_copy_put_there_by_hand_is_taken(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file.bin").write_bytes(CONTENT)
    assert fetch(file(GONE), tmp_path).read_bytes() == CONTENT


def test_another_file_in_its_place_is_refused_with_both_hashes(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file.bin").write_bytes(b"other")
    with pytest.raises(IntegrityError) as caught:
        fetch(file(GONE), tmp_path)
    assert hashlib.sha256(b"other").hexdigest() in str(caught.value)
    assert hashlib.sha256(CONTENT).hexdigest() in str(caught.value)


def test_wrong_bytes_are_thrown_away(server: Mirror, tmp_path: Path) -> None:
    server.content = bytes(len(CONTENT))
    with pytest.raises(IntegrityError, match="expected 512,000 bytes with sha256") as caught:
        fetch(file(server.url, GONE), tmp_path)
    assert hashlib.sha256(server.content).hexdigest() in str(caught.value)
    assert f"may be put at {tmp_path / 'data/file.bin'}" in str(caught.value)
    assert left_over(tmp_path) == []
    server.content = CONTENT
    assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT


def test_more_bytes_than_pinned_are_not_read(server: Mirror, tmp_path: Path) -> None:
    server.content = CONTENT * 3
    with pytest.raises(IntegrityError, match="sends more than the 512,000 bytes that are pinned"):
        fetch(file(server.url), tmp_path)
    assert all(path.stat().st_size <= len(CONTENT) for path in (tmp_path / "data").iterdir())


def test_a_server_that_keeps_breaking_off_is_given_up(server: Mirror, tmp_path: Path) -> None:
    server.breaks = [0] * 20
    with pytest.raises(NetworkError, match="broke off at 0 of 512,000 bytes"):
        fetch(file(server.url), tmp_path)
    assert len(server.requests) == retry.ATTEMPTS


def test_silence_is_bounded(
    server: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", 0.1)
    server.shutdown()
    with pytest.raises(NetworkError, match="timed out"):
        fetch(file(server.url), tmp_path)


def test_a_server_that_drips_outlives_no_deadline(
    server: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.pause = 0.01
    began = time.monotonic()
    clock = lambda: began + (time.monotonic() - began) * 600  # noqa: E731
    for module in (http, retry):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock, sleep=id))
    with pytest.raises(NetworkError, match="too slow"):
        fetch(file(server.url), tmp_path)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"220 mail.example.org\r\n\r\n", "220 mail.example.org"),
        (b"HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1:9/\r\n\r\n", "redirects to ftp"),
        (b"HTTP/1.1 302 Found\r\nLocation: file:///etc/hostname\r\n\r\n", "is not allowed"),
    ],
    ids=["not-http", "ftp", "file"],
)
def test_what_is_no_answer_of_the_web_is_a_network_error(
    server: Mirror, tmp_path: Path, raw: bytes, said: str
) -> None:
    server.raw = raw
    with pytest.raises(NetworkError, match=said):
        fetch(file(server.url), tmp_path)


@pytest.mark.parametrize(
    "spoilt", [bytes(1000), bytes(len(CONTENT)), bytes(len(CONTENT) + 5)], ids=len
)
def test_a_part_that_was_spoilt_is_fetched_anew(
    server: Mirror, tmp_path: Path, spoilt: bytes
) -> None:
    part_in(tmp_path).write_bytes(spoilt)
    assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT


def test_a_part_longer_than_what_the_server_has_is_thrown_away(
    server: Mirror, tmp_path: Path
) -> None:
    part_in(tmp_path).write_bytes(bytes(1000))
    server.statuses = [416]
    assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT
    assert server.requests == ["bytes=1000-", ""]


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/x", "data:,x"])
def test_only_the_web_is_asked(tmp_path: Path, url: str) -> None:
    with pytest.raises(NetworkError, match="neither http nor https"):
        fetch(file(url), tmp_path)


def test_a_folder_that_cannot_be_written_to_is_named(server: Mirror, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(TargetError, match="cannot write"):
        fetch(file(server.url), tmp_path)


def test_a_file_that_cannot_grow_is_no_network_error(server: Mirror, tmp_path: Path) -> None:
    part_in(tmp_path).mkdir()
    with pytest.raises(TargetError, match="cannot write"):
        fetch(file(server.url), tmp_path)


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "data" / "file.bin").mkdir(parents=True)
    with pytest.raises(DataError, match=r"cannot read .*file\.bin"):
        fetch(file(GONE), tmp_path)


PROGRAM = """
import sys, hashlib
from pathlib import Path
from zoo_core.downloads.download import RemoteFile, fetch
url, folder, size, sha256 = sys.argv[1:]
print("asking", flush=True)
fetch(RemoteFile(name="data/file.bin", size=int(size), sha256=sha256, mirrors=(url,)), Path(folder))
"""


def in_another_process(server: Mirror, folder: Path) -> subprocess.Popen[str]:
    """A process that fetches the file."""
    expected = file(server.url)
    arguments = [server.url, str(folder), str(expected.size), expected.sha256]
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once_fetch_it_once(server: Mirror, tmp_path: Path) -> None:
    both = [in_another_process(server, tmp_path) for _ in range(2)]
    assert [each.communicate()[0] is not None and each.returncode for each in both] == [0, 0]
    assert (tmp_path / "data" / "file.bin").read_bytes() == CONTENT
    assert server.requests == [""]


def test_a_killed_process_leaves_a_part_to_go_on_from(server: Mirror, tmp_path: Path) -> None:
    part_in(tmp_path).write_bytes(CONTENT[:1000])
    server.statuses = [503]
    process = in_another_process(server, tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    server.statuses.clear()
    assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT
    assert all(each.startswith("bytes=") for each in server.requests)
