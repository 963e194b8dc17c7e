"""The Chinese pages keep in step with the English ones: headings, blocks of code and tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.chinese import (
    CHINESE,
    DOCS,
    WITHOUT_TWIN,
    blocks,
    copied,
    headings,
    tables,
    twins,
    without_comments,
)

TWINS = twins()
every_twin = pytest.mark.parametrize(
    ("page", "twin"), TWINS.items(), ids=[str(page.relative_to(CHINESE)) for page in TWINS]
)
LINK = re.compile(r"!?\[[^]]*\]\((?!https?://)([^)#\s]+)")


@every_twin
def test_a_page_has_the_headings_of_its_twin(page: Path, twin: Path) -> None:
    assert headings(page.read_text("utf-8")) == headings(twin.read_text("utf-8"))


@every_twin
def test_a_page_has_the_blocks_of_its_twin(page: Path, twin: Path) -> None:
    shown = [without_comments(block) for block in blocks(page.read_text("utf-8"))]
    expected = [without_comments(block) for block in blocks(twin.read_text("utf-8"))]
    assert shown == expected, "renew it: uv run python -m tests.docs.chinese"


@every_twin
def test_a_page_has_the_tables_of_its_twin(page: Path, twin: Path) -> None:
    assert tables(page.read_text("utf-8")) == tables(twin.read_text("utf-8"))


@pytest.mark.parametrize("page", sorted(CHINESE.rglob("*.md")), ids=lambda page: page.name)
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def _refused_terms() -> dict[str, str]:
    """The words of the third column of the terms, with the word to write in their place."""
    rows = re.findall(
        r"(?m)^\| [^|]+ \| ([^|]+) \| ([^|-]+) \|", (CHINESE / "terms.md").read_text("utf-8")
    )
    return {word: term for term, words in rows[1:] for word in words.split("，")}


@pytest.mark.parametrize(("word", "term"), _refused_terms().items())
def test_the_pages_write_a_term_in_one_way(word: str, term: str) -> None:
    pages = [page for page in CHINESE.rglob("*.md") if page.name != "terms.md"]
    found = [page.name for page in pages if word in page.read_text("utf-8")]
    assert not found, f"{word}: write {term}"


def test_every_concept_and_tutorial_has_a_chinese_page() -> None:
    english = [*DOCS.glob("concepts/*.md"), *DOCS.glob("tutorials/*.md")]
    assert {CHINESE / page.relative_to(DOCS) for page in english} <= set(TWINS)
    assert all((CHINESE / name).exists() for name in WITHOUT_TWIN)


def test_blocks_are_copied_where_more_than_a_comment_differs() -> None:
    english = "# T\n\n```console\n$ zoo list  # all\n```\n\n```python\nx = 2\n```\n"
    chinese = "# T\n\n```console\n$ zoo list  # 全部\n```\n\n@@\n"
    assert copied(chinese, english) == english.replace("all", "全部")
