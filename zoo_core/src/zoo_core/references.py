"""References: the names that users type for models, checkpoints, Hub repos and folders."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple, TypeAlias, final

from zoo_core.errors import NotFoundError
from zoo_core.escaping import shell_word

NAMED = re.compile(
    r"(?:(?P<owner>[\w.-]+):)?(?P<name>[A-Za-z0-9_-]+)(?:\.(?P<tag>[A-Za-z0-9_-]+))?"
)
NO_DEVICE = r"(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))"
"""The start of a pattern that refuses the names of Windows's devices, such as ``nul.txt``."""
PART = r"(?![\w.-]*(?:--|\.\.))\w(?:[\w.-]{0,94}\w)?(?<!\.git)"
REPO = rf"(?P<repo>{PART}/{PART})"
"""``owner/name``, as the Hub allows it."""
HUB = re.compile(rf"{REPO}(?:@(?P<revision>(?!\S*\.\.)\w[\w./-]*))?", re.ASCII)


@final
class Named(NamedTuple):
    """``model`` or ``model.tag``, optionally with ``plugin:`` before it."""

    owner: str
    name: str
    tag: str

    @property
    def model(self) -> str:
        """``model`` or ``plugin:model``, as the catalog looks it up."""
        return f"{self.owner}:{self.name}" if self.owner else self.name

    @property
    def full_name(self) -> str:
        """The whole reference, as the user typed it."""
        return f"{self.model}.{self.tag}" if self.tag else self.model


@final
class HubRepo(NamedTuple):
    """``hub:owner/repo@revision``; without a revision, the main branch."""

    repo: str
    revision: str


@final
class Folder(NamedTuple):
    """A folder: a path with a slash, or ``dir:path``."""

    path: Path


Reference: TypeAlias = Named | HubRepo | Folder


def parse_reference(text: str) -> Reference:
    """Returns what a reference names.

    Raises:
        NotFoundError: The text has none of the forms of a reference.
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
        f"{text!r:.120} is not a reference: write model, model.tag, plugin:model, hub:owner/repo, "
        "./folder"
    )


def _folder(text: str) -> Folder:
    if "\0" in text:
        raise NotFoundError(f"{text!r:.120}: a path cannot contain NUL")
    try:
        return Folder(Path(text).expanduser())
    except RuntimeError:  # ~name, and there is no such user
        raise NotFoundError(f"{text!r:.120}: no such user; write the path without ~") from None


def shown(folder: Path) -> str:
    """Returns a folder as an argument of a command: with a slash, and quoted if necessary."""
    text = str(folder)
    if "/" not in text or text.startswith(("-", "~", "hub:", "dir:")):
        text = f"./{text}"  # the name alone would mean something else
    return shell_word(text)
