"""The files of a new plugin: those of the template, renamed, with the chosen parts only.

The template is itself a plugin called quokka that provides one of every kind, so that ruff, mypy
and its own tests can check it. A mark says which parts need a line or a block: ``# [model]`` at the
end of a line, or ``# [model]`` and ``# [end]`` around lines. In a mark, ``|`` means or and ``&``
means and. Markdown uses ``<!-- [model] -->``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from pathlib import Path

PREFIX = "zoo-plugin-"
TEMPLATE = Path(__file__).with_name("template")
CACHES = ("__pycache__", "_cache")
"""Endings of folders that installers and checkers leave in the template."""
MARK = re.compile(r"(?P<line>.*?)\s*(?:#|<!--) \[(?P<parts>[a-z&|]+)\](?: -->)?")


def plugin_files(name: str, kinds: Collection[str]) -> dict[str, str]:
    """Returns the text of every file of a new plugin by its path, with forward slashes."""
    words = {
        "zoo_plugin_quokka": f"{PREFIX}{name}".replace("-", "_"),
        "quokka_model": f"{name.replace('-', '_')}_model",
        "Quokka": "".join(part.capitalize() for part in name.split("-")),
        "quokka": name,
        "(c) YEAR": f"(c) {date.today().year}",
    }
    files = {}
    for path in sorted(TEMPLATE.rglob("*")):
        relative = path.relative_to(TEMPLATE)
        if not path.is_file() or any(part.endswith(CACHES) for part in relative.parts):
            continue
        template = path.read_text("utf-8")
        text = _choose_parts(template, kinds)
        if text or not template:  # an empty file such as py.typed stays empty
            files[_rename(relative.as_posix(), words)] = _rename(text, words)
    return files


def _choose_parts(text: str, kinds: Collection[str]) -> str:
    """Removes the marks from a file, and everything that is marked for other kinds."""
    lines, in_chosen_block = [], True
    for line in text.splitlines():
        mark = MARK.fullmatch(line)
        if mark is None:
            if in_chosen_block:
                lines.append(line)
        elif mark["line"]:
            if in_chosen_block and _matches(mark["parts"], kinds):
                lines.append(mark["line"])
        else:
            in_chosen_block = mark["parts"] == "end" or _matches(mark["parts"], kinds)
    chosen = "\n".join(lines).strip("\n")
    return f"{chosen}\n" if chosen else ""


def _matches(parts: str, kinds: Collection[str]) -> bool:
    """Whether kinds satisfy an expression such as ``model&dataset|kernel``."""
    alternatives = (alternative.split("&") for alternative in parts.split("|"))
    return any(all(kind in kinds for kind in alternative) for alternative in alternatives)


def _rename(text: str, words: dict[str, str]) -> str:
    """Replaces the template's words, the longest first where one contains another."""
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.sub(pattern, lambda match: words[match[0]], text)
