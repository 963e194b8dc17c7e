"""Draws the picture of the packages in ``how-it-works.md`` from what they import.

A package stands above every package that it imports. The rows are computed from the graph of
imports, so the picture cannot be out of step with the code.

    uv run python -m docs.architecture_picture
"""

from __future__ import annotations

from graphlib import TopologicalSorter
from pathlib import Path

import grimp

from docs.pictures import WIDTH, Kind, Picture

PICTURE = Path(__file__).parent / "architecture.svg"
PACKAGES = ("zoo_cli", "zoo_core")
SPLIT = ("zoo_core", "zoo_core.runtime")
"""Packages whose parts have boxes of their own."""
GAP, MARGIN, PITCH, CHARACTER = 8, 16, 42, 8
Levels = list[list[str]]


def levels() -> Levels:
    """Returns the packages, row by row from the top; each imports from rows below its own alone."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    imports: dict[str, set[str]] = {}
    for module in graph.modules:
        part = _part(module)
        imported = {_part(name) for name in graph.find_modules_directly_imported_by(module)}
        imports.setdefault(part, set()).update(imported - {part, *SPLIT})
    for package in SPLIT:  # they only pass on names of their parts
        imports.pop(package, None)
    height: dict[str, int] = {}
    for part in TopologicalSorter(imports).static_order():
        height[part] = 1 + max((height[name] for name in imports[part]), default=-1)
    rows = [
        sorted(part for part, level in height.items() if level == number)
        for number in range(max(height.values()), -1, -1)
    ]
    return [row for row in rows if row]


def draw(rows: Levels) -> Picture:
    """Returns the picture of rows of packages: those that import torch left, the others right."""
    lines = [line for row in rows for line in _lines(row)]
    picture = Picture(
        "The packages of the zoo: each imports from below it", 130 + PITCH * len(lines)
    )
    text = "plugins: models, datasets, trainers, kernels, …"
    top = MARGIN + picture.box(MARGIN, 12, WIDTH - 2 * MARGIN, text).height + 10
    for number, (left, right) in enumerate(lines):
        x: float = MARGIN
        for name in left:
            x += picture.box(
                x, top + PITCH * number, _width(name), _label(name), kind=_kind(name)
            ).width
            x += GAP
        x = WIDTH - MARGIN - _width(*right)
        for name in right:
            x += picture.box(
                x, top + PITCH * number, _width(name), _label(name), kind=_kind(name)
            ).width
            x += GAP
    legend: tuple[tuple[str, Kind], ...] = (
        ("the command line", "plain"),
        ("imports torch", "torch"),
        ("never imports torch", "light"),
    )
    for number, (text, kind) in enumerate(legend):
        picture.box(MARGIN + 182 * number, top + PITCH * len(lines) + 20, 164, text, kind=kind)
    return picture


def _lines(row: list[str]) -> list[tuple[list[str], list[str]]]:
    """Returns what stands left and right in the lines of a row: one line, if all of it fits."""
    left = [name for name in row if _kind(name) != "light"]
    right = [name for name in row if _kind(name) == "light"]
    if _width(*left) + GAP + _width(*right) <= WIDTH - 2 * MARGIN:
        return [(left, right)]
    return [*_broken(left, right=False), *_broken(right, right=True)]


def _broken(names: list[str], *, right: bool) -> list[tuple[list[str], list[str]]]:
    lines: list[list[str]] = [[]]
    for name in names:
        if _width(*lines[-1], name) > WIDTH - 2 * MARGIN:
            lines.append([])
        lines[-1].append(name)
    return [([], line) if right else (line, []) for line in lines if line]


def _part(module: str) -> str:
    """Returns the package with a box of its own that a module is in."""
    names = module.split(".")
    for length in range(1, len(names) + 1):
        part = ".".join(names[:length])
        if part not in SPLIT:
            return part
    return module


def _kind(part: str) -> Kind:
    if part == "zoo_cli":
        return "plain"
    is_torch = part.startswith("zoo_core.runtime") or part == "zoo_core.testing"
    return "torch" if is_torch else "light"


def _label(part: str) -> str:
    return part.removeprefix("zoo_core.")


def _width(*parts: str) -> float:
    """Returns the width of boxes beside each other."""
    boxes = (round(len(_label(part)) * CHARACTER + 20) for part in parts)
    return sum(boxes) + GAP * max(len(parts) - 1, 0)


if __name__ == "__main__":
    PICTURE.write_text(draw(levels()).svg(), "utf-8")
