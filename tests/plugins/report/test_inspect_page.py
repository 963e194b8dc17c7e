"""The page of ``zoo inspect --html``, read and in Chromium."""

from __future__ import annotations

import base64
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import NARROW, WIDE, Scheme, expect, open_page
from tests.cli.command import Zoo
from tests.plugins.report.conftest import ReadPage
from zoo_cli.main import run
from zoo_core import inspect, load

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TEXT = "hello</script><script>window.hacked = 1</script>\nole"
KNOWN = [char in "hello" for char in TEXT]


@pytest.fixture(scope="module")
def page_file(hello_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inspection of a hostile text, most symbols of which the model does not know."""
    folder = tmp_path_factory.mktemp("inspection")
    path = folder / "page.html"
    options = ["--text", TEXT, "--html", str(path), "--unit", "2", "--top", "2"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_HOME", str(folder / "home"))
        assert run(["inspect", f"dir:{hello_once}", *options]) == 0
    return path


def _activations(data: dict[str, Any], signal: int, unit: int) -> list[float | None]:
    """Returns the activations of a unit as the page's script reads them."""
    values = data["signals"][signal]
    levels = base64.b64decode(values["values"])[unit * data["count"] :][: data["count"]]
    signed = [level - 256 if level > 127 else level for level in levels]
    scale = values["scale"] / data["levels"]
    return [None if level == -128 else level * scale for level in signed]


@pytest.mark.full
def test_the_page_has_every_unit_of_every_signal(page_file: Path, hello_once: Path) -> None:
    data = ReadPage(page_file.read_text("utf-8")).data
    inspection = inspect(load(f"dir:{hello_once}"), TEXT)
    assert len(data["signals"]) == len(inspection.signals) >= 6
    for number, signal in enumerate(inspection.signals):
        for unit in range(signal.units):
            shown = _activations(data, number, unit)
            assert [value is not None for value in shown] == KNOWN
            expected = [value for value in signal.unit(unit).tolist() if not math.isnan(value)]
            step = data["signals"][number]["scale"] / data["levels"]
            known = [value for value in shown if value is not None]
            assert known == pytest.approx(expected, abs=step / 2 + 1e-6)


@pytest.mark.full
def test_the_page_shows_the_text_and_the_chosen_unit_without_scripts(page_file: Path) -> None:
    page = ReadPage(page_file.read_text("utf-8"))
    classes = [attributes["class"] for tag, attributes in page.tags if tag == "span"][3:]
    assert [name != "sym unknown" for name in classes] == KNOWN
    assert "window.hacked" in page.text.replace(" ", "")
    assert len(page.scripts) == 2
    assert ("option", {"value": "0", "selected": None}) in page.tags


@pytest.mark.full
def test_the_same_inspection_gives_the_same_bytes(
    zoo: Zoo, hello_once: Path, tmp_path: Path
) -> None:
    pages = []
    for name in ("first.html", "second.html"):
        path = tmp_path / name
        assert zoo("inspect", f"dir:{hello_once}", "--text", "hello", "--html", path).code == 0
        pages.append(path.read_bytes())
    assert pages[0] == pages[1]


@pytest.mark.full
def test_a_text_that_no_page_holds_is_refused(
    zoo: Zoo, hello_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zoo_report import inspect_page

    monkeypatch.setattr(inspect_page, "MAX_VALUES", 100)
    path = tmp_path / "page.html"
    result = zoo("inspect", f"dir:{hello_once}", "--text", "hello", "--html", path)
    assert result.code == 6
    assert "the page would hold 120 activations, and 100 are the most" in result.stderr
    assert not path.exists()


@pytest.mark.browser
@pytest.mark.xdist_group("chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_page_opens_from_disk_without_errors_and_asks_nothing(
    chromium: Browser, page_file: Path, tmp_path: Path, width: int, scheme: Scheme
) -> None:
    with open_page(chromium, page_file.as_uri(), width=width, scheme=scheme) as opened:
        expect(opened.page.locator("#slider")).to_be_visible()
        opened.page.screenshot(path=tmp_path / "page.png", full_page=True)
        assert opened.errors == []
        assert opened.requests == [page_file.as_uri()]
        assert opened.page.evaluate("window.hacked") is None
        assert opened.overflow == 0


@pytest.mark.browser
@pytest.mark.xdist_group("chromium")
def test_slider_menus_and_symbols_show_other_units_and_guesses(
    chromium: Browser, page_file: Path
) -> None:
    with open_page(chromium, page_file.as_uri()) as opened:
        page = opened.page
        symbols = page.locator("#text .sym")
        before = symbols.evaluate_all("all => all.map((one) => one.className + one.style)")
        page.locator("#slider").press("ArrowRight")
        expect(page.locator("#unit")).to_have_value("3")
        after = symbols.evaluate_all("all => all.map((one) => one.className + one.style.cssText)")
        assert before != after
        page.locator("#mode").select_option("surprise")
        expect(symbols.nth(1)).to_have_class("sym sur")
        symbols.nth(1).hover()
        expect(page.locator("#detail")).to_contain_text("symbol 2 of")
        expect(page.locator("#detail tr")).to_have_count(4)  # the symbols of the vocabulary
        page.locator("#text").press("ArrowRight")
        expect(page.locator("#detail")).to_contain_text("symbol 3 of")
        page.locator(".found button").first.click()
        expect(page.locator("#mode")).to_have_value("unit")
        assert opened.errors == []
