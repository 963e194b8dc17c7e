"""The site builds strictly, asks nothing of the network, and fits a phone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple, final

import pytest

from tests.browser import NARROW, WIDE, OpenPage, Scheme, expect, open_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.xdist_group("site")
ROOT = Path(__file__).parents[2]
ASKED = re.compile(r"<(?:script|img|iframe|link)\b[^>]*?(?:src|href)=\"?([^\" >]+)")
"""What a browser loads with a page."""
FAINT = """() => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const once = (known, key, make) => {
    if (!known.has(key)) known.set(key, make(key));
    return known.get(key);
  };
  const read = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].map((part) => part / 255);
  };
  const colours = new Map();
  const rgba = (colour) => once(colours, colour, read);
  const over = (front, back) => back.map((part, i) => front[i] * front[3] + part * (1 - front[3]));
  const light = (colour) => colour
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    if (!node) return { opacity: 1, back: [1, 1, 1] };
    const under = at(node.parentElement);
    const style = getComputedStyle(node);
    const back = over(rgba(style.backgroundColor), under.back);
    return { opacity: under.opacity * style.opacity, back };
  };
  const grounds = new Map();
  const at = (node) => once(grounds, node, ground);
  const faint = new Set();
  for (const node of document.querySelectorAll("body *:not(.md-search *):not(.headerlink)")) {
    const words = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    if (!words || !node.checkVisibility({ visibilityProperty: true })) continue;
    const { opacity, back } = at(node);
    if (!opacity) continue;
    const style = getComputedStyle(node);
    const [red, green, blue, alpha] = rgba(style.color);
    const front = [red, green, blue, alpha * opacity];
    const [low, high] = [light(back), light(over(front, back))].sort((one, other) => one - other);
    const large = parseFloat(style.fontSize) >= 24;
    if ((high + 0.05) / (low + 0.05) < (large ? 3 : 4.5)) faint.add(node.outerHTML.slice(0, 200));
  }
  return [...faint];
}"""
"""Elements whose words have less contrast than the level AA of WCAG asks for."""
FOUND = ".md-search-result__item"
"""A page that the search has found."""
PAGES = ("index.html", "models/gates.html", "cli.html", "results.html", "faults.html")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: the command fails where a link or an anchor leads nowhere."""
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    result = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return folder


@pytest.mark.gate
def test_the_site_is_built_and_its_pages_ask_nothing_of_the_network(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 50
    for page in pages:
        loaded = ASKED.findall(page.read_text("utf-8"))
        assert not [address for address in loaded if "//" in address], page
    for style in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", style.read_text("utf-8"))


@pytest.mark.gate
def test_a_page_that_a_packages_readme_names_is_a_link(site: Path) -> None:
    page = (site / "source" / "plugins" / "gru" / "index.html").read_text("utf-8")
    assert re.search(r'<a href="[./]+models/gru\.html"><code>docs/models/gru\.md</code></a>', page)


@pytest.mark.gate
def test_every_equation_is_converted(site: Path) -> None:
    for page in sorted((ROOT / "docs" / "models").glob("*.md")):
        text = (site / "models" / f"{page.stem}.html").read_text("utf-8")
        assert text.count('class="equation"') == page.read_text("utf-8").count("```math")
        assert "arithmatex" not in text
        assert r"\begin" not in text


@pytest.mark.gate
def test_a_link_to_a_file_outside_leads_to_a_page_of_it(site: Path) -> None:
    text = (site / "models" / "gates.html").read_text("utf-8")
    for path in ("plugins/gates/index.html", "plugins/gates/src/zoo_gates/janet.py.html"):
        assert f'href="../source/{path}"' in text
        assert (site / "source" / path).is_file()


@pytest.mark.gate
def test_a_session_is_wrapped_but_for_its_tables_and_its_commands_alone_are_copied(
    site: Path,
) -> None:
    text = (site / "start.html").read_text("utf-8")
    rows = [re.sub("<[^>]*>", "", row) for row in re.findall('<span class="wraps">.*', text)]
    assert any(row.startswith("$ zoo compare gru-embed") for row in rows)
    assert any(row.startswith("epoch 4/4") for row in rows)
    assert not any(row.startswith(("gru-embed  ", "model  ")) for row in rows)
    assert not any(line in row for row in rows for line in "│└")
    copied = re.findall('<code data-copy="([^"]*)"', text)
    assert "zoo train lstm-embed --out ./hello-run\nzoo predict ./hello-run hello" in copied


@pytest.mark.gate
def test_a_figure_stays_on_one_line_with_its_deviation(site: Path) -> None:
    text = (site / "what-each-network-can-do.html").read_text("utf-8")
    cells = re.findall("<td.*?</td>", text, re.S)
    assert any("1.00\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}0.00" in cell for cell in cells)
    assert not any(" ± " in cell for cell in cells)


@pytest.mark.gate
def test_a_page_says_what_it_is_about_and_in_which_language(site: Path) -> None:
    english, chinese = ((site / name).read_text("utf-8") for name in ("hub.html", "zh/start.html"))
    assert '<meta name="description" content="A checkpoint travels as a repo' in english
    assert '<meta property="og:title" content="Checkpoints on the Hugging Face Hub' in english
    assert '<html lang="en"' in english
    assert '<html lang="zh-Hans"' in chinese


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """The address of the site, served."""

    @final
    class Handler(SimpleHTTPRequestHandler):
        """Serves the site and logs nothing."""

        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(site))

        def log_message(self, format: str, *arguments: Any) -> None:
            """Logs nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@final
class Visit(NamedTuple):
    """What a page is like in the browser.

    Args:
        errors: What went wrong in it.
        requests: The addresses that it asked for.
        overflow: The pixels by which it is wider than the window.
        faint: Elements whose words have too little contrast.
    """

    errors: list[str]
    requests: list[str]
    overflow: int
    faint: list[str]


@pytest.fixture(scope="module")
def visit(address: str, chromium: Browser) -> Callable[[str, int, Scheme], Visit]:
    """``visit("cli.html", WIDE, "dark")``: a page, which is opened once in each way."""

    @cache
    def visit_page(name: str, width: int, scheme: Scheme) -> Visit:
        with open_page(chromium, address + name, width=width, scheme=scheme) as opened:
            faint = opened.page.evaluate(FAINT)
            return Visit(opened.errors, opened.requests, opened.overflow, faint)

    return visit_page


@pytest.mark.browser
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_pages_fit_the_window(
    address: str, visit: Callable[[str, int, Scheme], Visit], width: int
) -> None:
    for name in PAGES:
        visited = visit(name, width, "light")
        assert not visited.errors
        assert visited.overflow <= 0
        assert all(asked.startswith((address, "data:")) for asked in visited.requests)


@pytest.fixture(scope="module")
def searched(address: str, chromium: Browser) -> Iterator[OpenPage]:
    """A page whose search has found something: its index is built once."""
    with open_page(chromium, f"{address}cli.html?q=zoo") as opened:
        expect(opened.page.locator(FOUND).first).to_be_attached()
        yield opened


@pytest.mark.browser
@pytest.mark.parametrize(
    "typed", ["--trainer.clip-norm", "hidden_size", "lstm-embed", "的隐状态", "状态", "使用"]
)
def test_the_search_finds_an_option_a_name_and_chinese_within_a_sentence(
    searched: OpenPage, typed: str
) -> None:
    page = searched.page
    box = page.locator("input[name=query]")
    box.fill("")
    box.press("End")
    expect(page.locator(FOUND)).to_have_count(0)  # nothing is left of the search before
    box.fill(typed)
    box.press("End")
    found = page.locator(FOUND, has=page.locator("mark"))
    expect(found.filter(has_text=typed).first).to_be_attached()
    assert not searched.errors


@pytest.mark.browser
@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_have_enough_contrast(
    visit: Callable[[str, int, Scheme], Visit], width: int, scheme: Scheme
) -> None:
    for name in (*PAGES, "api.html", "models/cnn.html"):
        assert not visit(name, width, scheme).faint, name
