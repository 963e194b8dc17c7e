"""The picture of a run: how many times the naive loop each way is, at every size."""

from __future__ import annotations

import io
from typing import Any

from benchmarks.report import Report

DRAWN = ("training", "generation")
OURS = {"zoo torch": "#9fc3e8", "zoo portable": "#4a8fd0", "zoo native": "#14508f"}
PEERS = ("#8a8f96", "#c0392b", "#e08e45", "#d9b44a", "#2e7d4f")


def picture(report: Report) -> bytes:
    """A PNG: a panel for each subject and size, a line for each cell, a dot for each way."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = _panels(report)
    figure = Figure(figsize=(9, 1.1 * max(len(panels), 1) + 1.2), layout="constrained")
    FigureCanvasAgg(figure)
    every: Any = figure.subplots(max(len(panels), 1), 1, squeeze=False, sharex=True)
    colours = _colours(report)
    for axes, (title, cases) in zip(every[:, 0], panels.items(), strict=False):
        for line, times in enumerate(reversed(cases.values())):
            for way, value in times.items():
                axes.plot([value], [line], _mark(way), color=colours[way], markersize=7)
        names = [case.partition(" ")[2] for case in reversed(cases)]
        axes.set_yticks(range(len(names)), names, fontsize=8)
        axes.set_ylim(-0.6, len(names) - 0.4)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_title(title, loc="left", fontsize=10)
        axes.tick_params(axis="x", which="both", labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x", alpha=0.25)
    every[-1, 0].set_xlabel("times the naive loop", fontsize=9)
    handles = [_handle(way, colour) for way, colour in colours.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, frameon=False, fontsize=8)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=160, metadata={"Software": None})
    return file.getvalue()


def _panels(report: Report) -> dict[str, dict[str, dict[str, float]]]:
    """By title and case, how many times the naive loop each way is."""
    panels: dict[str, dict[str, dict[str, float]]] = {}
    for subject in DRAWN:
        for case, figures in report.cases(subject).items():
            times = {each.way: each.over(figures[0]) for each in figures}
            panels.setdefault(f"{subject}, {case.partition(' ')[0]}", {})[case] = times
    return panels


def _colours(report: Report) -> dict[str, str]:
    ways = dict.fromkeys(each.way for each in report.figures if each.subject in DRAWN)
    others = iter(PEERS)
    return {
        way: OURS.get(way.removesuffix(" bf16"), "#14508f")
        if way.startswith("zoo")
        else next(others)
        for way in ways
    }


def _mark(way: str) -> str:
    return ("D" if way.endswith("bf16") else "o") if way.startswith("zoo") else "|"


def _handle(way: str, colour: str) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], marker=_mark(way), linestyle="", color=colour, label=way)
