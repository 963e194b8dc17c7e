"""The Hugging Face Hub as the zoo sees it: commits, what files they have, and what goes wrong.

The client library checks sizes but no hashes, has no timeout of its own on most calls and tells
errors apart by classes that derive from each other; so every call goes through ``asking``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, final

from huggingface_hub import HfApi, RepoFile, constants, hf_hub_url, set_client_factory
from huggingface_hub.file_download import get_hf_file_metadata
from huggingface_hub.utils._headers import build_hf_headers
from huggingface_hub.utils._http import (
    default_client_factory,
    get_session,
    hf_raise_for_status,
)
from huggingface_hub.utils.tqdm import disable_progress_bars

from zoo_core.errors import IntegrityError, NetworkError
from zoo_core.runtime.hub.errors import asked_to_wait, is_networks, passes, told
from zoo_core.storage.hashes import FileRecord, git_hash, sha256

T = TypeVar("T")
TIMEOUT = float(constants.HF_HUB_ETAG_TIMEOUT)
"""Seconds that the Hub may keep silent."""
PATIENCE = 3 * TIMEOUT
"""Seconds after which one question is not asked again."""
ATTEMPTS = 5
RANGE_BEYOND = 416
"""The HTTP status where a Range begins beyond the end, as it does in an empty file."""
PAUSE = 0.5
"""Seconds before the second attempt; doubled with each further one."""


@final
class RemoteRecord(NamedTuple):
    """What the Hub says of a file of a commit.

    Args:
        size: In bytes.
        sha256: Of its content, if it lies in large file storage; else empty.
        blob: Of its git blob, sha1.
    """

    size: int
    sha256: str
    blob: str

    @property
    def etag(self) -> str:
        """What the Hub's cache calls the file."""
        return self.sha256 or self.blob

    def differs(self, pin: FileRecord) -> str:
        """What tells that the file is not the one that is pinned, as far as the Hub says it."""
        if self.size != pin.size:
            return f"has {self.size:,} bytes"
        return f"has sha256 {self.sha256}" if self.sha256 not in ("", pin.sha256) else ""

    def wrong(self, path: Path) -> str:
        """What is wrong with what came, with both hashes; nothing if it is the file."""
        if self.sha256:
            found = sha256(path)
            return "" if found == self.sha256 else f"has sha256 {found}, the Hub says {self.sha256}"
        found = git_hash(path)
        return "" if found == self.blob else f"has the git hash {found}, the Hub says {self.blob}"


@final
class Commit(NamedTuple):
    """A commit of a repo.

    Args:
        repo: ``owner/name``, as the Hub calls it today.
        sha: 40 hexadecimal digits.
    """

    repo: str
    sha: str


def resolve(repo: str, revision: str) -> Commit:
    """The commit that a branch, tag or hash means now; the main branch for an empty one.

    Raises:
        NetworkError: The Hub cannot be reached or refuses.
        NotFoundError: There is no such repo or revision.
    """
    info = asking(
        repo, lambda: HfApi().model_info(repo, revision=revision or None, timeout=TIMEOUT)
    )
    if not info.sha:
        raise NetworkError(f"{repo}: the Hub names no commit")
    return Commit(info.id, info.sha)


def is_private(repo: str) -> bool:
    """Whether only those who may see it see a repo.

    Raises:
        NetworkError: The Hub cannot be reached or refuses.
        NotFoundError: There is no such repo.
    """
    return bool(asking(repo, lambda: HfApi().model_info(repo, timeout=TIMEOUT)).private)


def list_files(commit: Commit, names: Sequence[str]) -> dict[str, RemoteRecord]:
    """Those of the files that the commit has.

    Raises:
        NetworkError: The Hub cannot be reached or refuses.
    """
    found = asking(
        commit.repo,
        lambda: HfApi().get_paths_info(commit.repo, list(names), revision=commit.sha),
    )
    return {
        each.path: RemoteRecord(each.size, each.lfs.sha256 if each.lfs else "", each.blob_id)
        for each in found
        if isinstance(each, RepoFile) and each.path in names
    }


def locate_file(commit: Commit, name: str) -> tuple[str, dict[str, str]]:
    """The address that a file is read from, and the headers for it.

    The token goes to the Hub alone, not to a store that it points to.

    Raises:
        NetworkError: The Hub cannot be reached or refuses.
        NotFoundError: The commit has no such file.
    """
    url = hf_hub_url(commit.repo, name, revision=commit.sha)
    found = asking(commit.repo, lambda: get_hf_file_metadata(url, timeout=TIMEOUT))
    headers = dict(build_hf_headers())
    if not found.location.startswith(f"{constants.ENDPOINT}/"):
        headers.pop("authorization", None)
    return found.location, headers


def read_beginning(commit: Commit, name: str) -> bytes:
    """The first bytes of a file of a commit.

    Raises:
        NetworkError: The Hub cannot be reached or refuses.
        NotFoundError: The commit has no such file.
    """
    url = hf_hub_url(commit.repo, name, revision=commit.sha)
    headers = build_hf_headers() | {"Range": "bytes=0-63"}

    def read() -> bytes:
        with get_session().stream("GET", url, headers=headers) as response:
            if response.status_code == RANGE_BEYOND:
                return b""
            hf_raise_for_status(response)
            return next(response.iter_bytes(64), b"")

    return asking(commit.repo, read)


def read_text(commit: Commit, name: str, largest: int) -> str:
    """A text file of a commit.

    Args:
        commit: The commit.
        name: Of the file.
        largest: Bytes beyond which it is not read.

    Raises:
        IntegrityError: It is larger.
        NetworkError: The Hub cannot be reached or refuses.
        NotFoundError: The commit has no such file.
    """
    url = hf_hub_url(commit.repo, name, revision=commit.sha)

    def read() -> str:
        with get_session().stream("GET", url, headers=build_hf_headers()) as response:
            hf_raise_for_status(response)
            data = b""
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > largest:
                    raise IntegrityError(f"{commit.repo}: {name} has more than {largest:,} bytes")
        return data.decode("utf-8", "replace")

    return asking(commit.repo, read)


def asking(repo: str, ask: Callable[[], T]) -> T:
    """What the Hub answers; passing trouble is waited out, and all other told in one line.

    Raises:
        NetworkError: The Hub cannot be reached or refuses.
        NotFoundError: There is no such repo, revision or file.
    """
    _bound()
    deadline = time.monotonic() + PATIENCE
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return ask()
        except UnicodeEncodeError:
            raise NetworkError(f"{repo}: the token holds a character that none has") from None
        except Exception as error:
            if not is_networks(error):
                raise
            pause = max(PAUSE * 2 ** (attempt - 1), asked_to_wait(error))
            hopeless = attempt == ATTEMPTS or not passes(error)
            if hopeless or time.monotonic() + pause > deadline:
                raise told(repo, error) from None
        time.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


@cache
def _bound() -> None:
    """Gives the client library's calls a timeout, without which it would wait for ever.

    Its bars it draws on any stderr, so it is told where there is no terminal.
    """
    set_client_factory(_client)
    if not sys.stderr.isatty():
        disable_progress_bars()


def _client() -> Any:
    client: Any = default_client_factory()
    client.timeout = TIMEOUT
    return client
