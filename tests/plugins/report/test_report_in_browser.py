"""The page of ``zoo report`` in Chromium, wide and narrow, in light and dark and on paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import NARROW, WIDE, Scheme, expect, open_page
from tests.plugins.report.runs import write_run
from zoo_cli.main import run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("chromium")]
HOSTILE = "</script><img src=x onerror='window.hacked = 1'><script>window.hacked = 1</script>"


@pytest.fixture(scope="module")
def page_file(hello_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on two hostile settings with two seeds each, with steps and samples."""
    folder = tmp_path_factory.mktemp("report")
    for number in range(4):
        samples = tuple(f"{HOSTILE} {epoch}" for epoch in range(5))
        write_run(
            hello_once,
            folder / "runs" / str(number),
            seed=number % 2,
            rate=0.01 if number < 2 else 0.05,
            model=HOSTILE,
            steps=300,
            samples=samples,
        )
    path = folder / "a <b> report.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_HOME", str(folder / "home"))
        assert run(["report", str(folder / "runs"), "--to", str(path)]) == 0
    return path


def _wait_for_charts(page: Page, count: int = 5) -> None:
    expect(page.locator(".chart svg")).to_have_count(count)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_page_opens_from_disk_without_errors_and_asks_nothing(
    chromium: Browser, page_file: Path, tmp_path: Path, width: int, scheme: Scheme
) -> None:
    with open_page(chromium, page_file.as_uri(), width=width, scheme=scheme) as opened:
        _wait_for_charts(opened.page)
        assert opened.errors == []
        assert opened.requests == [page_file.as_uri()]
        assert opened.page.evaluate("window.hacked") is None
        assert opened.overflow == 0
        picture = opened.page.screenshot(path=tmp_path / "page.png", full_page=True)
        assert len(picture) > 20_000
        background = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 27)")


def test_the_pointer_shows_the_values_of_all_lines(chromium: Browser, page_file: Path) -> None:
    with open_page(chromium, page_file.as_uri()) as opened:
        _wait_for_charts(opened.page)
        chart = opened.page.locator(".chart").first
        chart.scroll_into_view_if_needed()
        chart.hover(position={"x": 300, "y": 100})
        tip = opened.page.locator(".tip")
        expect(tip).to_be_visible()
        expect(tip).to_contain_text("epoch 1")
        expect(tip).to_contain_text("±")
        expect(tip.locator("tr")).to_have_count(4)  # two settings on two splits
        expect(tip).to_contain_text(HOSTILE[:20])
        opened.page.mouse.move(2, 2)
        expect(tip).to_be_hidden()
        assert opened.errors == []


def test_axes_and_lines_can_be_chosen(chromium: Browser, page_file: Path) -> None:
    with open_page(chromium, page_file.as_uri()) as opened:
        page = opened.page
        _wait_for_charts(page)
        chart = page.locator(".chart").first
        lines = chart.locator(".mark-line path")
        expect(lines).to_have_count(4)
        page.get_by_label("training, thin").uncheck()
        expect(lines).to_have_count(2)
        page.locator("[data-series='0']").first.click()
        expect(lines).to_have_count(1)
        page.get_by_label("over").first.select_option("seconds")
        expect(chart).to_contain_text("seconds of training")
        page.get_by_label("log axis").first.check()
        page.locator("figcaption").first.get_by_label("log").check()
        expect(chart.locator("svg")).to_have_count(1)
        expect(lines).to_have_count(1)
        assert opened.errors == []


def test_on_paper_everything_is_open_and_dark_is_light(chromium: Browser, page_file: Path) -> None:
    with open_page(chromium, page_file.as_uri(), scheme="dark") as opened:
        _wait_for_charts(opened.page)
        opened.page.emulate_media(media="print")
        assert opened.page.pdf()[:5] == b"%PDF-"  # printing opens the details
        assert opened.page.locator("details:not([open])").count() == 0
        expect(opened.page.locator(".controls").first).to_be_hidden()
        background = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == "rgb(255, 255, 255)"
        assert opened.errors == []
