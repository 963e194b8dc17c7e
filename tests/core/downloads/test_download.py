"""Downloads: verified, resumed, repeated from mirrors, and the error if every mirror fails."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPMessage
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from urllib.request import HTTPRedirectHandler, Request

import pytest

from tests.core.downloads.file_server import FileServer, file_server
from zoo_core.downloads import http, retry
from zoo_core.downloads.download import RemoteFile, fetch, no_downloads, read_pinned
from zoo_core.downloads.progress import ProgressCallback, report_progress
from zoo_core.downloads.retry import call_with_retry
from zoo_core.errors import DataError, IntegrityError, NetworkError, TargetError

CONTENT = bytes(range(256)) * 2000
UNREACHABLE = "http://127.0.0.1:9/file"
"""Nothing listens there."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    with file_server(CONTENT) as running:
        yield running


def file(*mirrors: str, content: bytes = CONTENT) -> RemoteFile:
    """A file with some content and mirrors."""
    sha256 = hashlib.sha256(content).hexdigest()
    return RemoteFile(name="data/file.bin", size=len(content), sha256=sha256, mirrors=mirrors)


def part_in(folder: Path) -> Path:
    """Makes the folder and returns the path of the partial file."""
    (folder / "data").mkdir()
    return folder / "data" / f".file.bin.{file().sha256[:8]}.part"


def temporary_files(folder: Path) -> list[str]:
    """The names of the files beside the download, without the lock."""
    names = [path.name for path in (folder / "data").iterdir() if path.suffix != ".lock"]
    return sorted(set(names) - {"file.bin"})


def test_a_file_is_fetched_once(server: FileServer, tmp_path: Path) -> None:
    for _ in range(2):
        assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT
    assert server.requests == [""]
    assert temporary_files(tmp_path) == []


def test_progress_is_reported_up_to_the_end(server: FileServer, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []

    def record(name: str, size: int) -> ProgressCallback:
        return lambda done, size: seen.append((name, done, size))

    with report_progress(record):
        fetch(file(server.url), tmp_path)
    assert seen[-1] == ("data/file.bin", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_progress_is_reported_inside_alone(server: FileServer, tmp_path: Path) -> None:
    seen: list[int] = []
    with report_progress(lambda name, size: lambda done, size: seen.append(done)):
        pass
    fetch(file(server.url), tmp_path)
    assert seen == []


def test_a_broken_transfer_resumes_where_it_broke(server: FileServer, tmp_path: Path) -> None:
    server.breaks = [100_000, 50_000]
    assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT
    assert server.requests == ["", "bytes=100000-", "bytes=150000-"]


def test_a_whole_part_of_a_killed_process_is_asked_for_no_more(
    server: FileServer, tmp_path: Path
) -> None:
    part_in(tmp_path).write_bytes(CONTENT)
    assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT
    assert server.requests == []


def test_a_server_without_ranges_starts_again(server: FileServer, tmp_path: Path) -> None:
    server.ranges, server.breaks = False, [100_000]
    assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT
    assert server.requests == ["", "bytes=100000-"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_error_is_retried(server: FileServer, tmp_path: Path, status: int) -> None:
    server.statuses = [status, status]
    assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_not_retried(server: FileServer, tmp_path: Path, status: int) -> None:
    server.statuses = [status] * 9
    with pytest.raises(NetworkError, match=f"HTTP {status}"):
        fetch(file(server.url), tmp_path)
    assert len(server.requests) == 1


def test_the_next_mirror_takes_over(server: FileServer, tmp_path: Path) -> None:
    assert fetch(file(UNREACHABLE, server.url), tmp_path).read_bytes() == CONTENT


def test_without_a_mirror_the_error_says_what_to_put_where(tmp_path: Path) -> None:
    expected = file(UNREACHABLE)
    began = time.monotonic()
    with pytest.raises(NetworkError) as caught:
        fetch(expected, tmp_path)
    message = str(caught.value)
    assert time.monotonic() - began < 5
    assert (
        f"a copy with sha256 {expected.sha256} may be put at {tmp_path / 'data/file.bin'}"
        in message
    )
    assert caught.value.exit_code == 5
    assert "\n" not in message


def test_a_copy_put_there_by_hand_is_used(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file.bin").write_bytes(CONTENT)
    assert fetch(file(UNREACHABLE), tmp_path).read_bytes() == CONTENT


def test_where_downloads_are_forbidden_only_what_is_there_is_returned(
    server: FileServer, tmp_path: Path
) -> None:
    with no_downloads(), pytest.raises(NetworkError, match=r"data/file\.bin is not downloaded yet"):
        fetch(file(server.url), tmp_path)
    assert server.requests == []
    fetch(file(server.url), tmp_path)
    with no_downloads():
        assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT


def test_a_named_copy_is_read_and_another_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    with pytest.raises(DataError, match=f"cannot read {copy}: No such file .*; name the copy with"):
        read_pinned(file(), copy, "name another")
    copy.write_bytes(CONTENT)
    assert read_pinned(file(), copy, "name another") == CONTENT
    copy.write_bytes(b"other")
    with pytest.raises(IntegrityError, match=f"^{copy} has 5 bytes with sha256 .*; name another$"):
        read_pinned(file(), copy, "name another")


def test_another_file_in_its_place_is_refused_with_both_hashes(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file.bin").write_bytes(b"other")
    with pytest.raises(IntegrityError) as caught:
        fetch(file(UNREACHABLE), tmp_path)
    assert hashlib.sha256(b"other").hexdigest() in str(caught.value)
    assert hashlib.sha256(CONTENT).hexdigest() in str(caught.value)


def test_a_copy_without_an_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"^/dev/zero has more than 512,000 bytes, expected"):
        read_pinned(file(UNREACHABLE), Path("/dev/zero"), "name another")


def test_wrong_bytes_are_removed(server: FileServer, tmp_path: Path) -> None:
    server.content = bytes(len(CONTENT))
    with pytest.raises(IntegrityError, match="expected 512,000 bytes with sha256") as caught:
        fetch(file(server.url, UNREACHABLE), tmp_path)
    assert hashlib.sha256(server.content).hexdigest() in str(caught.value)
    assert f"may be put at {tmp_path / 'data/file.bin'}" in str(caught.value)
    assert temporary_files(tmp_path) == []
    server.content = CONTENT
    assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT


def test_more_bytes_than_pinned_are_not_read(server: FileServer, tmp_path: Path) -> None:
    server.content = CONTENT * 3
    with pytest.raises(IntegrityError, match="sends more than the 512,000 bytes that are pinned"):
        fetch(file(server.url), tmp_path)
    assert all(path.stat().st_size <= len(CONTENT) for path in (tmp_path / "data").iterdir())


def test_a_server_that_keeps_breaking_off_is_given_up(server: FileServer, tmp_path: Path) -> None:
    server.breaks = [0] * 20
    with pytest.raises(NetworkError, match="broke off at 0 of 512,000 bytes"):
        fetch(file(server.url), tmp_path)
    assert len(server.requests) == retry.ATTEMPTS


def test_a_silent_server_is_given_up_after_the_timeout(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", 0.1)
    server.shutdown()
    with pytest.raises(NetworkError, match="timed out"):
        fetch(file(server.url), tmp_path)


def test_a_slow_server_is_given_up_at_the_deadline(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.pause = 0.001
    seconds = count()  # one passes at each look at the clock
    clock = SimpleNamespace(monotonic=lambda: float(next(seconds)), sleep=id)
    for module in (http, retry):
        monkeypatch.setattr(module, "time", clock)
    with pytest.raises(NetworkError, match="too slow"):
        fetch(file(server.url), tmp_path)
    assert len(server.requests) == 1
    limit = http.GRACE_PERIOD + len(CONTENT) / http.MIN_BYTES_PER_SECOND
    assert limit < next(seconds) < limit + 5


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"220 mail.example.org\r\n\r\n", "220 mail.example.org"),
        (b"HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1:9/\r\n\r\n", "redirects to ftp"),
        (b"HTTP/1.1 302 Found\r\nLocation: file:///etc/hostname\r\n\r\n", "is not allowed"),
    ],
    ids=["not-http", "ftp", "file"],
)
def test_an_invalid_http_response_is_a_network_error(
    server: FileServer, tmp_path: Path, raw: bytes, message: str
) -> None:
    server.raw = raw
    with pytest.raises(NetworkError, match=message):
        fetch(file(server.url), tmp_path)


@pytest.mark.parametrize(
    "damaged", [bytes(1000), bytes(len(CONTENT)), bytes(len(CONTENT) + 5)], ids=len
)
def test_a_damaged_part_is_downloaded_again(
    server: FileServer, tmp_path: Path, damaged: bytes
) -> None:
    part_in(tmp_path).write_bytes(damaged)
    assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT


def test_a_part_longer_than_the_servers_file_is_removed(server: FileServer, tmp_path: Path) -> None:
    part_in(tmp_path).write_bytes(bytes(1000))
    server.statuses = [416]
    assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT
    assert server.requests == ["bytes=1000-", ""]


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/x", "data:,x"])
def test_other_schemes_than_http_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(NetworkError, match="neither http nor https"):
        fetch(file(url), tmp_path)


def test_a_folder_that_cannot_be_written_to_is_named(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(TargetError, match="cannot write"):
        fetch(file(server.url), tmp_path)


def test_a_file_that_cannot_grow_is_no_network_error(server: FileServer, tmp_path: Path) -> None:
    part_in(tmp_path).mkdir()
    with pytest.raises(TargetError, match="cannot write"):
        fetch(file(server.url), tmp_path)


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "data" / "file.bin").mkdir(parents=True)
    with pytest.raises(DataError, match=r"cannot read .*file\.bin"):
        fetch(file(UNREACHABLE), tmp_path)


PROGRAM = """
import sys, hashlib
from pathlib import Path
from zoo_core.downloads.download import RemoteFile, fetch
url, folder, size, sha256 = sys.argv[1:]
print("started", flush=True)
fetch(RemoteFile(name="data/file.bin", size=int(size), sha256=sha256, mirrors=(url,)), Path(folder))
"""


def start_fetching(server: FileServer, folder: Path) -> subprocess.Popen[str]:
    """Starts a process that fetches the file."""
    remote = file(server.url)
    arguments = [server.url, str(folder), str(remote.size), remote.sha256]
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once_fetch_it_once(server: FileServer, tmp_path: Path) -> None:
    processes = [start_fetching(server, tmp_path) for _ in range(2)]
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0]
    assert (tmp_path / "data" / "file.bin").read_bytes() == CONTENT
    assert server.requests == [""]


def test_a_killed_process_leaves_a_part_to_resume_from(server: FileServer, tmp_path: Path) -> None:
    part_in(tmp_path).write_bytes(CONTENT[:1000])
    server.statuses = [503]
    process = start_fetching(server, tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    server.statuses.clear()
    assert fetch(file(server.url), tmp_path).read_bytes() == CONTENT
    assert all(byte_range.startswith("bytes=") for byte_range in server.requests)


@pytest.mark.parametrize(
    ("target", "is_sent"),
    [
        ("https://store.example/other", True),
        ("https://elsewhere.example/file", False),
        ("https://store.example:8443/file", False),
        ("http://store.example/file", False),
    ],
)
def test_a_redirect_takes_the_token_to_the_same_host_and_scheme_alone(
    target: str, is_sent: bool
) -> None:
    request = Request("https://store.example/file", headers={"Authorization": "Bearer secret"})
    handlers = vars(http._build_opener())["handlers"]
    (handler,) = (one for one in handlers if isinstance(one, HTTPRedirectHandler))
    redirected = handler.redirect_request(
        request, io.BytesIO(), 302, "Found", HTTPMessage(), target
    )
    assert redirected is not None
    assert redirected.has_header("Authorization") is is_sent


def test_an_answer_with_another_range_is_not_appended(server: FileServer, tmp_path: Path) -> None:
    part = part_in(tmp_path)
    part.write_bytes(CONTENT[:1000])
    rest = CONTENT[500:]
    head = (
        "HTTP/1.1 206 Partial Content\r\n"
        f"Content-Range: bytes 500-{len(CONTENT) - 1}/{len(CONTENT)}\r\n"
        f"Content-Length: {len(rest)}\r\nConnection: close\r\n\r\n"
    )
    server.raw = head.encode() + rest
    with pytest.raises(NetworkError, match="broke off at"):
        fetch(file(server.url), tmp_path)
    assert part.read_bytes() == rest


def test_a_download_is_synced_before_it_takes_its_place_and_its_folder_afterwards(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    was_there: list[bool] = []
    sync = os.fsync

    def record(descriptor: int) -> None:
        was_there.append((tmp_path / "data" / "file.bin").exists())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    fetch(file(server.url), tmp_path)
    assert was_there == [False, True]


def test_the_pause_doubles_and_is_as_long_as_the_server_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    asked = iter([0.0, 0.0, 7.0, 0.0])

    def fail() -> None:
        raise OSError("busy")

    monkeypatch.setattr(time, "sleep", pauses.append)
    with pytest.raises(OSError, match="busy"):
        call_with_retry(
            fail,
            is_retryable=lambda error: True,
            retry_after=lambda error: next(asked),
            deadline=time.monotonic() + 100,
        )
    assert pauses == [0.5, 1.0, 7.0, 4.0]
