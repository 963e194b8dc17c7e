"""Blocks of code in documents, the commands in them, and a shell in a fresh environment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tests.installs.environment import Environment

BLOCK = re.compile(r"^```(?P<language>\w*)(?: (?P<path>\S+))?\n(?P<body>.*?)^```$", re.M | re.S)
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?(?:e-\d+)?")
HASH = re.compile(r"\b[0-9a-f]{64}\b|(?<=Z-)[0-9a-f]{4}\b")
"""A sha256, or the end of the name of a run's folder."""
DURATION = re.compile(r"(?<=s) \(\d+:\d\d:\d\d\)$")
"""What pytest adds behind the seconds of a minute or more."""
EPOCH = re.compile(r"epoch #(?:/#)?[, ]")
HOME = "/home/me"
"""What documents call the folder that everything happens in."""
LONGEST = 40
"""Lines shown of what one command prints; of more, the first and the last four."""


class Block(NamedTuple):
    """One block of code in a document."""

    language: str
    path: str
    body: str


class Command(NamedTuple):
    """A command of a session and what it printed."""

    line: str
    printed: list[str]


def blocks(document: str) -> list[Block]:
    """Every block of code."""
    return [Block(m["language"], m["path"] or "", m["body"]) for m in BLOCK.finditer(document)]


def commands(body: str) -> list[Command]:
    """The commands of a session."""
    session: list[Command] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            session.append(Command(line[2:], []))
        else:
            session[-1].printed.append(line)
    return session


class Session:
    """A shell in an environment; it stays in the folder that it went to.

    Args:
        environment: Where it runs.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.place = environment.work

    def run(self, line: str) -> list[str]:
        """What a command prints, errors too, line by line."""
        note = self.environment.work / ".place"
        script = f"cd '{self.place}' && {{ {line}\n}} 2>&1; pwd > '{note}'"
        result = self.environment.shell(script, {"ZOO_HOME": str(self.environment.work / "zoo")})
        self.place = Path(note.read_text().strip())
        text = result.stdout.replace(str(self.environment.work), HOME)
        text = text.replace(str(self.environment.folder), f"{HOME}/.venv")
        return [row.rstrip() for row in text.rstrip("\n").split("\n")] if text else []

    def write(self, path: str, body: str) -> None:
        """Writes a file of the document, below the folder that the shell is in."""
        (self.place / path).write_text(body)


def agrees(shown: list[str], printed: list[str]) -> bool:
    """Whether what is shown is what was printed.

    Figures, hashes and the widths of columns may differ, ``...`` hides any lines, and which epochs
    a training reports depends on its speed.
    """
    lines = (re.escape(line) + r"\n" for line in _comparable(shown))
    pattern = "".join(r"(?:.*\n)*" if line == r"\.\.\.\n" else line for line in lines)
    return bool(re.fullmatch(pattern, "".join(f"{line}\n" for line in _comparable(printed))))


def _comparable(lines: list[str]) -> list[str]:
    """Returns what lines must have in common with others."""
    words = (NUMBER.sub("#", HASH.sub("#", DURATION.sub("", line))) for line in lines)
    return [re.sub(r" {2,}|-{3,}", "  ", line) for line in words if not EPOCH.match(line)]


def shorten(printed: list[str]) -> list[str]:
    """What a document shows: the beginning and the end of what is long."""
    return [*printed[:4], "...", *printed[-4:]] if len(printed) > LONGEST else printed
