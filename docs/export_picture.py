"""Draws the pictures of a page of ``zoo export --format web``, made with its network cut.

uv run --group full python -m docs.export_picture
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from tests.browser import NARROW, WIDE, Scheme, expect, open_page, start_chromium
from zoo_core import export

if TYPE_CHECKING:
    from playwright.sync_api import Browser

RESULTS = Path(__file__).parent / "results"
MODEL, PROMPT, LENGTH = "lstm-embed.python-docs", "The ", 300
COLOURS = 64
"""Colours of a picture, so that its file is small."""


def draw(browser: Browser, address: str, width: int, scheme: Scheme, mode: str) -> bytes:
    """Lets the page write and returns a picture of it.

    Args:
        browser: The browser.
        address: The address of the page.
        width: The width of the window in pixels.
        scheme: The colours that the reader prefers.
        mode: What colours the symbols.
    """
    with open_page(browser, address, width=width, scheme=scheme) as opened:
        page = opened.page
        page.context.set_offline(True)
        page.locator("#prompt").fill(PROMPT)
        page.locator("#length").fill(str(LENGTH))
        page.locator("#start").click()
        expect(page.locator("#status")).to_have_text("Done.", timeout=60_000)
        page.locator("#mode").select_option(mode)
        page.locator("#recent .sym").nth(30).click()
        picture: bytes = page.screenshot(full_page=True)
        return picture


def main() -> None:
    """Exports the model and writes the pictures."""
    with tempfile.TemporaryDirectory() as folder, start_chromium() as browser:
        target = Path(folder) / "page"
        export(MODEL, target, format="web")
        address = (target / "index.html").as_uri()
        shots = {
            "export-web.png": draw(browser, address, WIDE, "light", "surprise"),
            "export-web-phone.png": draw(browser, address, NARROW, "dark", "unit"),
        }
    for name, shot in shots.items():
        picture = Image.open(io.BytesIO(shot)).convert("RGB")
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(RESULTS / name, optimize=True)


if __name__ == "__main__":
    main()
