"""The Hugging Face Hub as the zoo uses it: commits, their files, and errors.

The client library checks sizes but no hashes, has no timeout of its own on most calls, and its
error classes derive from each other. So every call to it goes through ``call_hub``.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeAlias, TypeVar, final

from huggingface_hub import HfApi, RepoFile, constants, hf_hub_url, set_client_factory
from huggingface_hub.file_download import get_hf_file_metadata
from huggingface_hub.utils._headers import build_hf_headers
from huggingface_hub.utils._http import (
    default_client_factory,
    get_session,
    hf_raise_for_status,
)
from huggingface_hub.utils.tqdm import disable_progress_bars

from zoo_core.configs.records import Count, Rule, read_record
from zoo_core.downloads.retry import call_with_retry
from zoo_core.errors import AnswerError, ConfigError, IntegrityError, NetworkError
from zoo_core.references import REPO
from zoo_core.registry.file import COMMIT
from zoo_core.runtime.hub.errors import (
    UNREADABLE,
    is_network_error,
    is_retryable,
    retry_after,
    to_zoo_error,
    unreadable_answer,
)
from zoo_core.storage.hashes import FileRecord, git_hash, sha256

T = TypeVar("T")
RETRY_DEADLINE = 3
"""Timeouts that may pass before a request is given up."""
RANGE_NOT_SATISFIABLE = 416
"""The HTTP status where a Range begins beyond the end, as it does in an empty file."""


Sha1: TypeAlias = Annotated[str, Rule("40 hexadecimal digits", COMMIT.fullmatch)]


@final
class RemoteRecord(NamedTuple):
    """What the Hub says about a file of a commit.

    Args:
        size: Its size in bytes.
        sha256: The sha256 of its content if it lies in large file storage, else empty.
        blob: The sha1 of its git blob.
    """

    size: Count
    sha256: Annotated[str, Rule("64 hexadecimal digits", re.compile("([0-9a-f]{64})?").fullmatch)]
    blob: Sha1

    @property
    def etag(self) -> str:
        """The file's name in the Hub's cache."""
        return self.sha256 or self.blob

    def difference(self, pin: FileRecord) -> str:
        """How the file differs from a pinned one, as far as the Hub says; empty if it does not."""
        if self.size != pin.size:
            return f"has {self.size:,} bytes"
        return f"has sha256 {self.sha256}" if self.sha256 not in ("", pin.sha256) else ""

    def mismatch(self, path: Path) -> str:
        """How a downloaded file differs from this one, with both hashes; empty if it does not."""
        if self.sha256:
            actual = sha256(path)
            expected, name = self.sha256, "sha256"
        else:
            actual = git_hash(path)
            expected, name = self.blob, "the git hash"
        return "" if actual == expected else f"has {name} {actual}, the Hub says {expected}"


@final
class Commit(NamedTuple):
    """A commit of a repo.

    Args:
        repo: ``owner/name``, the Hub's present name for it.
        sha: 40 hexadecimal digits.
    """

    repo: Annotated[str, Rule("owner/name", re.compile(REPO, re.ASCII).fullmatch)]
    sha: Sha1


@final
class _Visibility(NamedTuple):
    """Who may read a repo."""

    private: bool


def request_timeout() -> float:
    """Seconds that the Hub may stay silent."""
    return float(constants.HF_HUB_ETAG_TIMEOUT)


def resolve(repo: str, revision: str) -> Commit:
    """The commit that a branch, tag or hash means now; an empty revision is the main branch.

    Raises:
        NetworkError: The Hub cannot be reached or refuses.
        NotFoundError: There is no such repo or revision.
    """
    info = call_hub(
        repo, lambda: HfApi().model_info(repo, revision=revision or None, timeout=request_timeout())
    )
    return checked_answer(Commit, {"repo": info.id, "sha": info.sha}, repo)


def is_private(repo: str) -> bool:
    """Whether a repo is private.

    Raises:
        NetworkError: The Hub cannot be reached or refuses, or does not say.
        NotFoundError: There is no such repo.
    """
    info = call_hub(repo, lambda: HfApi().model_info(repo, timeout=request_timeout()))
    return checked_answer(_Visibility, {"private": info.private}, repo).private


def list_files(commit: Commit, names: Sequence[str]) -> dict[str, RemoteRecord]:
    """The records of those of the named files that the commit has.

    Raises:
        NetworkError: The Hub cannot be reached or refuses.
    """
    paths = call_hub(
        commit.repo,
        lambda: HfApi().get_paths_info(commit.repo, list(names), revision=commit.sha),
    )
    return {
        file.path: checked_answer(
            RemoteRecord,
            {
                "size": file.size,
                "sha256": file.lfs.sha256 if file.lfs else "",
                "blob": file.blob_id,
            },
            commit.repo,
            key=file.path,
        )
        for file in paths
        if isinstance(file, RepoFile) and file.path in names
    }


def locate_file(commit: Commit, name: str) -> tuple[str, dict[str, str]]:
    """The address of a file's content, and the request headers for it.

    The headers hold the token for the Hub only, not for a store that it redirects to.

    Raises:
        NetworkError: The Hub cannot be reached or refuses.
        NotFoundError: The commit has no such file.
    """
    url = hf_hub_url(commit.repo, name, revision=commit.sha)
    metadata = call_hub(commit.repo, lambda: get_hf_file_metadata(url, timeout=request_timeout()))
    headers = dict(build_hf_headers())
    if not metadata.location.startswith(f"{constants.ENDPOINT}/"):
        headers.pop("authorization", None)
    return metadata.location, headers


def read_first_bytes(commit: Commit, name: str) -> bytes:
    """The first 64 bytes of a file of a commit.

    Raises:
        NetworkError: The Hub cannot be reached or refuses.
        NotFoundError: The commit has no such file.
    """
    url = hf_hub_url(commit.repo, name, revision=commit.sha)
    headers = build_hf_headers() | {"Range": "bytes=0-63"}

    def read() -> bytes:
        with get_session().stream("GET", url, headers=headers) as response:
            if response.status_code == RANGE_NOT_SATISFIABLE:
                return b""
            hf_raise_for_status(response)
            return next(response.iter_bytes(64), b"")

    return call_hub(commit.repo, read)


def read_text(commit: Commit, name: str, max_bytes: int) -> str:
    """The content of a text file of a commit.

    Args:
        commit: The commit.
        name: The file's name.
        max_bytes: The size beyond which it is not read.

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
                if len(data) > max_bytes:
                    raise IntegrityError(f"{commit.repo}: {name} has more than {max_bytes:,} bytes")
        return data.decode("utf-8", "replace")

    return call_hub(commit.repo, read)


def call_hub(repo: str, call: Callable[[], T]) -> T:
    """Returns what a call of the client library returns; failures that may pass are retried.

    Raises:
        AnswerError: The client library cannot read the Hub's answer.
        ConfigError: The Hub's address is none of HTTP.
        NetworkError: The Hub cannot be reached or refuses.
        NotFoundError: There is no such repo, revision or file.
    """
    configure_client()
    deadline = time.monotonic() + RETRY_DEADLINE * request_timeout()
    try:
        return call_with_retry(
            call, is_retryable=is_retryable, retry_after=retry_after, deadline=deadline
        )
    except UnicodeEncodeError:
        raise NetworkError(f"{repo}: the token holds a character that no token has") from None
    except Exception as error:
        if is_network_error(error):
            raise to_zoo_error(repo, error) from None
        if isinstance(error, UNREADABLE):
            raise unreadable_answer(repo, error) from error
        raise


def checked_answer(cls: type[T], values: object, repo: str, *, key: str = "") -> T:
    """Returns a record of values that the Hub answered.

    Raises:
        AnswerError: A value is missing or of another type.
    """
    source = f"{repo}: the answer of {constants.ENDPOINT}"
    return read_record(cls, values, error=AnswerError, source=source, key=key)


@cache
def configure_client() -> None:
    """Gives the client library's requests a timeout; they would wait forever without one.

    It shows progress bars even where stderr is not a terminal, so they are switched off there.

    Raises:
        ConfigError: The Hub's address is none of HTTP.
    """
    if not constants.ENDPOINT.startswith(("https://", "http://")):
        raise ConfigError(
            f"HF_ENDPOINT = {constants.ENDPOINT!r:.80}: expected an address such as "
            "https://huggingface.co"
        )
    set_client_factory(_make_client)
    if not sys.stderr.isatty():
        disable_progress_bars()


def _make_client() -> Any:
    client: Any = default_client_factory()
    client.timeout = request_timeout()
    return client
