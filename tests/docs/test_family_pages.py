"""Every model is on the page of its family, and the pages show what the code says."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.measurement import measurements
from benchmarks.report import Report
from docs import speed_tables
from docs.family_pages import PAGES, Part, equations_of, family_page, models_of
from tests.docs.session import blocks
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.specs import ModelSpec

FILES = sorted(PAGES.glob("*.md"))
every_page = pytest.mark.parametrize("page", FILES, ids=lambda page: page.stem)
MODEL = re.compile(r"^\| `([\w-]+)` \|", re.M)


def models_on(page: Path) -> list[str]:
    """The models in the first table of a page."""
    section = page.read_text("utf-8").partition("## Models\n")[2].partition("\n## ")[0]
    return MODEL.findall(section)


def parts_of(page: Path) -> list[Part]:
    """The classes with equations of a page's family."""
    return equations_of(models_of(load_catalog(), f"zoo-{page.stem}"))


def test_every_model_is_on_exactly_one_page() -> None:
    on_pages = Counter(name for page in FILES for name in models_on(page))
    models = Counter(spec.name for _, spec in load_catalog().of(ModelSpec))
    assert on_pages == models, "update the page of the family: cog -I . -r docs/models/FAMILY.md"


def test_every_page_is_linked_from_the_list_of_models() -> None:
    text = (PAGES.parent / "models.md").read_text("utf-8")
    assert all(f"(models/{page.name})" in text for page in FILES)


@every_page
def test_every_model_of_a_page_has_equations(page: Path) -> None:
    parts = parts_of(page)
    with_equations = {name for part in parts for name in part.models}
    assert with_equations == set(models_on(page)), f"cog -I . -r docs/models/{page.name}"
    text = page.read_text("utf-8")
    formulas = [block.body for block in blocks(text) if block.language == "math"]
    own = [part.cls.__name__ for part in parts if part.family == page.stem]
    assert re.findall("^### (.*)$", text, re.M) == own
    assert len(formulas) >= len(own)
    assert all(part.link(page.stem) in text for part in parts)
    for formula in formulas:
        assert formula.isascii()
        assert formula.count("{") == formula.count("}")
        assert formula.count("&") >= formula.count(" = ")


@pytest.mark.gate
@every_page
def test_a_page_is_current(page: Path) -> None:
    generated = family_page(f"zoo-{page.stem}")
    text = page.read_text("utf-8")
    assert generated.strip() in text, f"update it: cog -I . -r docs/models/{page.name}"


def test_a_family_without_figures_of_speed_says_what_would_be_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(speed_tables, "read_reports", lambda path: [])
    text = "\n".join(speed_tables.speed("scratch", set()))
    assert "It has not been measured yet" in text
    assert "- `gru-scratch` with plain loop: B 32, T 35, H 256" in text


def test_figures_of_speed_have_their_unit_processor_and_ratio(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    samples = {"plain loop": [100.0, 200.0], "torch.nn": [300.0, 500.0], "zoo": [200.0, 400.0]}
    rows = measurements("families", "rnn-scratch training", "tokens/s", samples)
    report = Report({"processor": "A Server", "isa": "avx2"}, "2026-01-02", False, rows)
    monkeypatch.setattr(speed_tables, "read_reports", lambda path: [report])
    text = "\n".join(speed_tables.speed("scratch", set()))
    assert (
        "| `rnn-scratch`, training | B 32, T 35, H 256 | tokens/s | A Server avx2 "
        "| 150 | 2.75 × (400) | 2.00 × (300) |"
    ) in text
    assert "not been measured" not in text


@every_page
def test_every_family_has_its_speed_compared_with_something(page: Path) -> None:
    speed = page.read_text("utf-8").partition("## Speed\n")[2].partition("\n## ")[0]
    assert re.search(r"^\| .*[\d,]+ \||^- `", speed, re.M), "a benchmark should have the family"
