"""Errors of the Hub and of the network, turned into one line each."""

from __future__ import annotations

import re
from typing import TypeAlias

from huggingface_hub import constants, errors

from zoo_core.downloads.retry import parse_retry_after
from zoo_core.errors import AnswerError, DeniedError, NetworkError, NotFoundError, ZooError

LOG_IN = "log in: hf auth login"
NO_REPO = "no repo {repo} at {endpoint}; if it is private, " + LOG_IN
RETRYABLE_STATUSES = (429, 500, 502, 503, 504)
NOT_RETRYABLE = ("refused", "name or service", "nodename", "resolution", "certificate")
"""Words in messages of errors that another attempt does not fix."""

ERRNO = re.compile(r"^\[Errno -?\d+\] ")
"""The number of an error of the system, which says nothing beside its words."""
UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, AssertionError, RuntimeError)
"""What the client raises where an answer lacks a field or has one of another type."""

Translation: TypeAlias = tuple[type[ZooError], str]
BY_CLASS: dict[type[Exception], Translation] = {
    errors.OfflineModeIsEnabled: (
        NetworkError,
        "cannot ask the Hub about {repo}: HF_HUB_OFFLINE is set; unset it",
    ),
    errors.GatedRepoError: (
        DeniedError,
        "{repo} is gated: ask for access at {endpoint}/{repo}, then " + LOG_IN,
    ),
    errors.RevisionNotFoundError: (NotFoundError, "{repo} has no such revision"),
    errors.EntryNotFoundError: (NotFoundError, "{repo} has no such file"),
    errors.RepositoryNotFoundError: (NotFoundError, NO_REPO),
}
"""The client's errors; a class stands before the classes that it derives from."""
BY_STATUS: dict[int, Translation] = {
    401: (DeniedError, "{repo}: the Hub does not accept the token (401); " + LOG_IN),
    403: (DeniedError, "{repo}: the token does not allow this (403)"),
    404: (NotFoundError, NO_REPO),
    412: (
        DeniedError,
        "{repo}: somebody else has pushed meanwhile (412); look at it, then push again",
    ),
}


def is_network_error(error: Exception) -> bool:
    """Whether an error comes from the Hub or the network; its HTTP library has changed before."""
    package = type(error).__module__.partition(".")[0]
    return isinstance(error, OSError) or package in ("httpx", "httpx2", "httpcore", "httpcore2")


def is_retryable(error: Exception) -> bool:
    """Whether another attempt may succeed after an error."""
    if not is_network_error(error) or isinstance(error, errors.OfflineModeIsEnabled):
        return False
    status = status_of(error)
    if status is not None:
        return status in RETRYABLE_STATUSES
    message = str(error).lower()
    return not any(words in message for words in NOT_RETRYABLE)


def to_zoo_error(repo: str, error: Exception) -> ZooError:
    """The zoo's error for one of the client's; its message never holds a token."""
    names = {"repo": repo, "endpoint": constants.ENDPOINT}
    for kind, (zoo_error, message) in BY_CLASS.items():
        if isinstance(error, kind):
            return zoo_error(message.format(**names))
    status = status_of(error)
    if status in BY_STATUS:
        zoo_error, message = BY_STATUS[status]
        return zoo_error(message.format(**names))
    if status is not None:
        return NetworkError(f"{repo}: the Hub answers {status}")
    reason = " ".join(ERRNO.sub("", str(error)).split())[:160] or type(error).__name__
    return NetworkError(f"{repo}: cannot reach {constants.ENDPOINT}: {reason}")


def unreadable_answer(repo: str, error: Exception) -> AnswerError:
    """The zoo's error where the client cannot read an answer."""
    reason = " ".join(str(error).split())[:160] or type(error).__name__
    if isinstance(error, KeyError):
        reason = f"it has no {reason}"
    return AnswerError(f"{repo}: cannot read the answer of {constants.ENDPOINT}: {reason}")


def retry_after(error: Exception) -> float:
    """Seconds that the Hub asks to wait before the next attempt; 0 if it does not ask."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    return parse_retry_after(headers.get("Retry-After"))


def status_of(error: Exception) -> int | None:
    """The HTTP status of an error; None if it has none."""
    status: int | None = getattr(getattr(error, "response", None), "status_code", None)
    return status
