"""What can go wrong between here and the Hub, told apart and told in one line."""

from __future__ import annotations

from typing import TypeAlias

from huggingface_hub import constants, errors

from zoo_core.downloads.http import seconds
from zoo_core.errors import DeniedError, NetworkError, NotFoundError, ZooError

LOG_IN = "log in: hf auth login"
NO_REPO = "no repo {repo} at {endpoint}; if it is private, " + LOG_IN
PASSING = (429, 500, 502, 503, 504)
HOPELESS = ("refused", "name or service", "nodename", "resolution", "certificate")
"""Words of errors that trying again does not mend."""

Telling: TypeAlias = tuple[type[ZooError], str]
BY_CLASS: dict[type[Exception], Telling] = {
    errors.OfflineModeIsEnabled: (
        NetworkError,
        "{repo} is not at hand, and HF_HUB_OFFLINE forbids to ask the Hub",
    ),
    errors.GatedRepoError: (
        DeniedError,
        "{repo} is gated: ask for access at {endpoint}/{repo}, then " + LOG_IN,
    ),
    errors.RevisionNotFoundError: (NotFoundError, "{repo} has no such revision"),
    errors.EntryNotFoundError: (NotFoundError, "{repo} has no such file"),
    errors.RepositoryNotFoundError: (NotFoundError, NO_REPO),
}
"""The client's errors, those that derive from others first."""
BY_STATUS: dict[int, Telling] = {
    401: (DeniedError, "{repo}: the Hub does not accept the token (401); " + LOG_IN),
    403: (DeniedError, "{repo}: the token does not allow this (403)"),
    404: (NotFoundError, NO_REPO),
    412: (DeniedError, "{repo}: somebody else has pushed meanwhile (412); look, then push again"),
}


def is_networks(error: Exception) -> bool:
    """Whether an error is the Hub's or the way's to it; its HTTP library has changed before."""
    family = type(error).__module__.partition(".")[0]
    return isinstance(error, OSError) or family in ("httpx", "httpx2", "httpcore", "httpcore2")


def passes(error: Exception) -> bool:
    """Whether trying again may help."""
    status = status_of(error)
    if status is not None:
        return status in PASSING
    said = str(error).lower()
    offline = isinstance(error, errors.OfflineModeIsEnabled)
    return not offline and not any(words in said for words in HOPELESS)


def told(repo: str, error: Exception) -> ZooError:
    """One line for what went wrong; it never holds a token."""
    where = {"repo": repo, "endpoint": constants.ENDPOINT}
    for kind, (meaning, line) in BY_CLASS.items():
        if isinstance(error, kind):
            return meaning(line.format(**where))
    status = status_of(error)
    if status in BY_STATUS:
        meaning, line = BY_STATUS[status]
        return meaning(line.format(**where))
    if status is not None:
        return NetworkError(f"{repo}: the Hub answers {status}")
    said = " ".join(str(error).split())[:160] or type(error).__name__
    return NetworkError(f"{repo}: cannot reach {constants.ENDPOINT}: {said}")


def asked_to_wait(error: Exception) -> float:
    """Seconds that the Hub asks to wait before the next try; 0 if it does not say."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    return seconds(headers.get("Retry-After"))


def status_of(error: Exception) -> int | None:
    """The HTTP status of an error that has one."""
    status: int | None = getattr(getattr(error, "response", None), "status_code", None)
    return status
