"""The Chinese pages, each beside its English twin; copies the blocks of code of the English pages.

A Chinese page in ``docs/zh/`` has the path of its English twin in ``docs/``, and the README is that
of the repository. Blocks of code are the same, apart from comments behind a command; a line ``@@``
in a Chinese page stands for a block that is still to be copied.

    uv run python -m tests.docs.chinese
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
CHINESE = DOCS / "zh"
WITHOUT_TWIN = ("terms.md", "tutorials/chinese-text.md")
"""Chinese pages that no English page corresponds to."""
BLOCK = re.compile(r"^(?:```.*?^```|@@)$", re.M | re.S)
COMMENT = re.compile(r"  #.*$", re.M)


def twins() -> dict[Path, Path]:
    """Returns the English page of every Chinese page that has one."""
    found = {}
    for page in sorted(CHINESE.rglob("*.md")):
        name = page.relative_to(CHINESE)
        if name.as_posix() not in WITHOUT_TWIN:
            found[page] = DOCS.parent / name if name.name == "README.md" else DOCS / name
    return found


def blocks(text: str) -> list[str]:
    """Returns every block of code, with its fences."""
    return BLOCK.findall(text)


def without_comments(block: str) -> str:
    """Returns a block without what stands behind its commands, which is translated."""
    lines = COMMENT.sub("", block).splitlines() if block.startswith("```console") else [block]
    return "\n".join(line.rstrip() for line in lines)


def headings(text: str) -> list[int]:
    """Returns the level of every heading."""
    return [len(marks) for marks in re.findall(r"^(#+) ", BLOCK.sub("", text), re.M)]


def tables(text: str) -> list[tuple[int, int]]:
    """Returns the number of rows and columns of every table."""
    found = re.findall(r"(?:^\|.*\|$\n?)+", BLOCK.sub("", text), re.M)
    return [(len(rows.splitlines()), rows.splitlines()[1].count("|") - 1) for rows in found]


def copied(chinese: str, english: str) -> str:
    """Returns a Chinese page with the blocks of its English twin, where they differ."""
    rest = iter(blocks(english))

    def block(match: re.Match[str]) -> str:
        own = next(rest)
        return match[0] if without_comments(match[0]) == without_comments(own) else own

    return BLOCK.sub(block, chinese)


def main() -> None:
    """Copies the blocks into every Chinese page, which must have as many as its twin."""
    for page, twin in twins().items():
        text, english = page.read_text("utf-8"), twin.read_text("utf-8")
        if len(blocks(text)) != len(blocks(english)):
            sys.exit(f"{page}: {len(blocks(text))} blocks, {len(blocks(english))} in {twin}")
        page.write_text(copied(text, english), "utf-8")


if __name__ == "__main__":
    main()
