"""References: what a person types to name a model, a checkpoint, a Hub repo or a folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple, TypeAlias, final

from zoo_core.errors import NotFoundError

NAMED = re.compile(
    r"(?:(?P<owner>[\w.-]+):)?(?P<name>[A-Za-z0-9_-]+)(?:\.(?P<tag>[A-Za-z0-9_-]+))?"
)
PART = r"(?![\w.-]*(?:--|\.\.))\w(?:[\w.-]{0,94}\w)?(?<!\.git)"
REPO = rf"(?P<repo>{PART}/{PART})"
"""What the Hub takes for ``owner/name``."""
HUB = re.compile(rf"{REPO}(?:@(?P<revision>(?!\S*\.\.)\w[\w./-]*))?", re.ASCII)


@final
class Named(NamedTuple):
    """``model``, ``model.tag``, or either with ``plugin:`` before it."""

    owner: str
    name: str
    tag: str

    @property
    def model(self) -> str:
        """The architecture with the plugin that was named, as the catalog takes it."""
        return f"{self.owner}:{self.name}" if self.owner else self.name

    @property
    def full_name(self) -> str:
        """The whole reference, as it was typed."""
        return f"{self.model}.{self.tag}" if self.tag else self.model


@final
class HubRepo(NamedTuple):
    """``hub:owner/repo@revision``; the revision may be missing."""

    repo: str
    revision: str


@final
class Folder(NamedTuple):
    """A local checkpoint: a path with a slash, or ``dir:path``."""

    path: Path


Reference: TypeAlias = Named | HubRepo | Folder


def parse_reference(text: str) -> Reference:
    """What a person means.

    Raises:
        NotFoundError: It has none of the forms.
    """
    if text.startswith("hub:"):
        if match := HUB.fullmatch(text.removeprefix("hub:")):
            return HubRepo(match["repo"], match["revision"] or "")
        raise NotFoundError(
            f"{text!r:.120} names no Hub repo: write hub:owner/repo or hub:owner/repo@revision"
        )
    if text.startswith("dir:"):
        return _folder(text.removeprefix("dir:"))
    if "/" in text or "\\" in text or text in (".", ".."):
        return _folder(text)
    if match := NAMED.fullmatch(text):
        return Named(match["owner"] or "", match["name"], match["tag"] or "")
    raise NotFoundError(
        f"{text!r:.120} is no reference: write model, model.tag, plugin:model, hub:owner/repo, "
        "./folder"
    )


def _folder(text: str) -> Folder:
    if "\0" in text:
        raise NotFoundError(f"{text!r:.120}: no path has a NUL")
    try:
        return Folder(Path(text).expanduser())
    except RuntimeError:  # ~name, and there is nobody of that name
        raise NotFoundError(f"{text!r:.120}: no such user; write the path without ~") from None


def shown(folder: Path) -> str:
    """A folder as a person can paste it into a command: with a slash, quoted where it must be."""
    import shlex

    text = str(folder)
    return shlex.quote(text if "/" in text or "\\" in text else f"./{text}")
