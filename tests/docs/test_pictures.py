"""The drawn pictures are current, and have a text for readers who do not see them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs import architecture_picture
from docs.concept_pictures import FOLDER, PICTURES
from docs.pictures import WIDTH, Picture
from tests.docs.chinese import CHINESE, DOCS

ROOT = DOCS.parent
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
ALTERNATIVE = re.compile(r"!\[([^]]*)\]\(")


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_of_a_concept_is_current(name: str) -> None:
    drawn = PICTURES[name]().svg()
    path = FOLDER / f"{name}.svg"
    assert path.read_text("utf-8") == drawn, "draw it: python -m docs.concept_pictures"
    page = (FOLDER / f"{name}.md").read_text("utf-8")
    assert re.search(rf"!\[\w[^]]{{30,}}\]\({name}\.svg\)", page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_picture_on_a_page_says_in_words_what_it_shows(page: Path) -> None:
    for words in ALTERNATIVE.findall(page.read_text("utf-8")):
        assert len(words) >= (12 if page.is_relative_to(CHINESE) else 30), words


@pytest.mark.gate
def test_the_picture_of_the_packages_is_that_of_their_imports() -> None:
    drawn = architecture_picture.draw(architecture_picture.levels()).svg()
    shown = architecture_picture.PICTURE.read_text("utf-8")
    assert shown == drawn, "draw it: python -m docs.architecture_picture"


def test_an_arrow_runs_from_edge_to_edge_and_text_is_escaped() -> None:
    picture = Picture("T", 200)
    first = picture.box(10, 10, 100, "a < b")
    picture.arrow(first, picture.box(10, 110, 100, "b"))
    svg = picture.svg()
    assert 'y1="44" x2="60" y2="110"' in svg
    assert "a &lt; b" in svg
    assert f'viewBox="0 0 {WIDTH} 200"' in svg
