"""The files of a new plugin: the template's, under another name, with the parts that were chosen.

The template is itself a plugin, called quokka, that brings one of every kind; ruff, mypy and its
own tests read it as it is. ``# [model]`` to ``# [end]``, or ``# [model]`` behind a line, marks
what a plugin with a model needs; ``|`` is or, ``&`` is and. ``<!-- [model] -->`` does the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from pathlib import Path

PREFIX = "zoo-plugin-"
TEMPLATE = Path(__file__).with_name("template")
CACHES = ("__pycache__", "_cache")
"""Folders that installers and checkers leave in the template."""
MARK = re.compile(r"(?P<line>.*?)\s*(?:#|<!--) \[(?P<parts>[a-z&|]+)\](?: -->)?")


def plugin_files(name: str, kinds: Collection[str]) -> dict[str, str]:
    """The text of every file of a new plugin by its path, with slashes."""
    words = {
        "zoo_plugin_quokka": f"{PREFIX}{name}".replace("-", "_"),
        "Quokka": "".join(part.capitalize() for part in name.split("-")),
        "quokka": name,
        "(c) YEAR": f"(c) {date.today().year}",
    }
    found = {}
    for path in sorted(TEMPLATE.rglob("*")):
        caches = any(part.endswith(CACHES) for part in path.relative_to(TEMPLATE).parts)
        if path.is_file() and not caches:
            whole = path.read_text("utf-8")
            kept = _kept(whole, kinds)
            if kept or not whole:  # an empty file such as py.typed is meant to be empty
                place = _named(path.relative_to(TEMPLATE).as_posix(), words)
                found[place] = _named(kept, words)
    return found


def _kept(text: str, kinds: Collection[str]) -> str:
    """What is left of a file without the marks, and without what is marked for other kinds."""
    lines, keep = [], True
    for line in text.splitlines():
        mark = MARK.fullmatch(line)
        if mark is None:
            lines += [line] * keep
        elif mark["line"]:
            lines += [mark["line"]] * (keep and _wanted(mark["parts"], kinds))
        else:
            keep = mark["parts"] == "end" or _wanted(mark["parts"], kinds)
    kept = "\n".join(lines).strip("\n")
    return f"{kept}\n" if kept else ""


def _wanted(parts: str, kinds: Collection[str]) -> bool:
    return any(all(kind in kinds for kind in every.split("&")) for every in parts.split("|"))


def _named(text: str, words: dict[str, str]) -> str:
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.sub(pattern, lambda found: words[found[0]], text)
