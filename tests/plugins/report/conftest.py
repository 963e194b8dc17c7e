"""Fixtures that write reports and read them back."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Zoo
from tests.cli.conftest import zoo
from tests.plugins.report.runs import write_run

__all__ = ["zoo"]
Report = Callable[..., "ReadPage"]
WriteRun = Callable[..., Path]


class ReadPage(HTMLParser):
    """A page, taken apart.

    Args:
        text: Its HTML.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.html = text
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self._inside = ""
        self.feed(text)

    @property
    def text(self) -> str:
        """What the page shows without its charts."""
        return " ".join(" ".join(self.texts).split())

    @property
    def data(self) -> Any:
        """What its scripts read."""
        return json.loads(self.scripts[0])

    def chart(self, name: str, section: str = "epochs") -> list[dict[str, Any]]:
        """Returns the rows of a chart by column."""
        (chart,) = [
            chart
            for chart in self.data["charts"]
            if (chart["section"], chart["name"]) == (section, name)
        ]
        return [dict(zip(chart["columns"], row, strict=True)) for row in chart["rows"]]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside != "style":
            self.texts.append(data)


@pytest.fixture
def new_run(hello_once: Path) -> WriteRun:
    """``new_run(folder, seed=1, ...)``: the folder of a run; see ``write_run``."""
    return partial(write_run, hello_once)


@pytest.fixture
def report(zoo: Zoo, tmp_path: Path) -> Report:
    """``report(folder, ...)``: the page of ``zoo report``."""

    def write(*folders: Path) -> ReadPage:
        path = tmp_path / "report.html"
        result = zoo("report", *folders, "--to", path, "--overwrite")
        assert result.code == 0, result.stderr
        return ReadPage(path.read_text("utf-8"))

    return write
