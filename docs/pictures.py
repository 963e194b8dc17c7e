"""Drawings of boxes and arrows as SVG, in one style.

A picture is 560 wide and its text 15 high, so that it can be read on a phone. It has a background
of its own, because a page may be light or dark.
"""

from __future__ import annotations

from html import escape
from typing import Literal, NamedTuple, TypeAlias, final

WIDTH = 560
LINE = 20
"""The height of a line of text."""
Kind: TypeAlias = Literal["plain", "light", "torch", "file"]
FILLS: dict[Kind, tuple[str, str]] = {
    "plain": ("#ffffff", "#8a93a6"),
    "light": ("#eaefff", "#3f51b5"),
    "torch": ("#fff1dc", "#d9822b"),
    "file": ("#eef7ee", "#3c8c4a"),
}
"""Fill and outline: of anything, of what imports no torch, of what does, of files."""
TEXT, MUTED = "#1f2430", "#5c6475"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans CJK SC', sans-serif"
MONOSPACED = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"


@final
class Box(NamedTuple):
    """A box of a picture, in its units.

    Args:
        x: Left edge.
        y: Upper edge.
        width: Width.
        height: Height.
    """

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        """The middle."""
        return self.x + self.width / 2, self.y + self.height / 2


@final
class Picture:
    """A picture that grows by boxes and arrows.

    Args:
        title: What it shows, for readers who do not see it.
        height: Its height.
    """

    def __init__(self, title: str, height: int) -> None:
        self.title = title
        self.height = height
        self.parts: list[str] = []

    def box(
        self,
        x: float,
        y: float,
        width: float,
        lines: str,
        *,
        kind: Kind = "plain",
        code: bool = False,
    ) -> Box:
        """Draws a box as high as its lines; the first one is bold, if there are more.

        Args:
            x: Left edge.
            y: Upper edge.
            width: Width.
            lines: Text, a line each.
            kind: What is in it.
            code: Whether the first line is code.
        """
        rows = lines.split("\n")
        height = LINE * len(rows) + 14
        fill, edge = FILLS[kind]
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="7" fill="{fill}" '
            f'stroke="{edge}" stroke-width="1.4"/>'
        )
        for number, row in enumerate(rows):
            bold = ' font-weight="600"' if number == 0 and len(rows) > 1 else ""
            font = f' font-family="{MONOSPACED}" font-size="14"' if code and number == 0 else ""
            colour = TEXT if number == 0 else MUTED
            self.parts.append(
                f'<text x="{x + width / 2:g}" y="{y + 22 + LINE * number:g}" fill="{colour}" '
                f'text-anchor="middle"{bold}{font}>{escape(row)}</text>'
            )
        return Box(x, y, width, height)

    def text(self, x: float, y: float, text: str, *, anchor: str = "start", size: int = 14) -> None:
        """Writes a remark; ``y`` is its baseline."""
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" fill="{MUTED}" font-size="{size}" '
            f'text-anchor="{anchor}">{escape(text)}</text>'
        )

    def arrow(self, start: Box, end: Box, label: str = "") -> None:
        """Draws an arrow from the edge of a box to the edge of another."""
        is_level = start.y < end.y + end.height and end.y < start.y + start.height
        if is_level:
            is_right = start.x < end.x
            x1 = start.x + start.width if is_right else start.x
            x2 = end.x if is_right else end.x + end.width
            y1 = y2 = min(max(start.middle[1], end.y + 8), end.y + end.height - 8)
        else:
            is_down = start.y < end.y
            y1 = start.y + start.height if is_down else start.y
            y2 = end.y if is_down else end.y + end.height
            overlap = max(start.x, end.x), min(start.x + start.width, end.x + end.width)
            shared = sum(overlap) / 2
            x1, x2 = (
                (shared, shared) if overlap[0] < overlap[1] else (start.middle[0], end.middle[0])
            )
        self.parts.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{MUTED}" '
            'stroke-width="1.6" marker-end="url(#head)"/>'
        )
        if label and is_level:
            self.text((x1 + x2) / 2, y1 - 6, label, anchor="middle", size=13)
        elif label:
            self.text((x1 + x2) / 2 + 8, (y1 + y2) / 2 + 4, label, size=13)

    def svg(self) -> str:
        """Returns the picture as a file."""
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" '
                f'width="{WIDTH}" role="img" font-family="{FONT}" font-size="15">',
                f"<title>{escape(self.title)}</title>",
                '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
                f'markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="{MUTED}"/></marker>'
                "</defs>",
                f'<rect width="{WIDTH}" height="{self.height}" rx="10" fill="#f6f7fb"/>',
                *self.parts,
                "</svg>\n",
            ]
        )
