"""Draws ``terminal.svg``, the picture of the README, from what ``zoo train lstm-embed`` prints.

uv run python -m docs.terminal_picture
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
from html import escape
from pathlib import Path

PICTURE = Path(__file__).parent / "terminal.svg"
COMMAND = "uv run zoo train lstm-embed"
HOME = "~/.local/share/zoo"
COLUMNS = 100
LINE_HEIGHT, CHARACTER_WIDTH, MARGIN, TITLE_BAR = 20, 8.43, 20, 44
"""Sizes in pixels; the width is that of a monospaced character at 14 pixels."""
PLAIN, DIM, BRIGHT, ACCENT = "#c9d1d9", "#8b949e", "#ffffff", "#7ee787"


def train() -> list[str]:
    """Runs the command in a home of its own; returns what it prints, stderr first."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-m", "zoo_cli", *COMMAND.split()[3:]],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"ZOO_HOME": home},
        )
        progress = done.stderr.replace(home, HOME).splitlines()
        answer = done.stdout.replace(home, HOME).splitlines()
    return [*progress[:-1], *answer, progress[-1]]


def shorten(lines: list[str]) -> list[str]:
    """Leaves out every second line of the epochs between the first and the last."""
    epochs = [line for line in lines if line.startswith("epoch")]
    left_out = set(epochs[1:-1:2])
    return [line for line in lines if line not in left_out]


def draw(lines: list[str]) -> str:
    """Draws the command and its output as SVG."""
    rows = [(f"$ {COMMAND}", BRIGHT)]
    for line in lines:
        rows += [
            (part, _colour(line)) for part in textwrap.wrap(line, COLUMNS, break_on_hyphens=False)
        ]
    width = round(2 * MARGIN + COLUMNS * CHARACTER_WIDTH)
    height = TITLE_BAR + len(rows) * LINE_HEIGHT + MARGIN
    picture = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14">',
        f"<title>{escape(COMMAND)}</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>',
    ]
    for number, colour in enumerate(("#ff5f56", "#ffbd2e", "#27c93f")):
        picture.append(f'<circle cx="{MARGIN + 6 + 20 * number}" cy="20" r="6" fill="{colour}"/>')
    for number, (text, colour) in enumerate(rows):
        y = TITLE_BAR + 14 + number * LINE_HEIGHT
        picture.append(
            f'<text x="{MARGIN}" y="{y}" fill="{colour}" xml:space="preserve">{escape(text)}</text>'
        )
    return "\n".join([*picture, "</svg>"]) + "\n"


def _colour(line: str) -> str:
    if "→" in line:
        return ACCENT
    return PLAIN if line.startswith(("train:", "checkpoint:")) else DIM


if __name__ == "__main__":
    PICTURE.write_text(draw(shorten(train())), "utf-8")
