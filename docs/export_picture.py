"""Draws ``results/export-web.png``: a page of ``zoo export --format web``, its network cut.

uv run --group full python -m docs.export_picture
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image

from tests.browser import expect, open_page, start_chromium
from zoo_core import export

PICTURE = Path(__file__).parent / "results" / "export-web.png"
MODEL, PROMPT = "lstm-embed.python-docs", "The "
WIDTH, COLOURS = 960, 64


def main() -> None:
    """Exports the model, lets the page write, and takes the picture."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "page"
        export(MODEL, target, format="web")
        address = (target / "index.html").as_uri()
        with start_chromium() as browser, open_page(browser, address, width=WIDTH) as opened:
            page = opened.page
            page.context.set_offline(True)
            page.locator("#prompt").fill(PROMPT)
            page.locator("#length").fill("400")
            page.locator("#start").click()
            expect(page.locator("#status")).to_have_text("Done.", timeout=60_000)
            page.locator("#mode").select_option("surprise")
            page.locator("#recent .sym").nth(30).click()
            shot = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    few_colours = shot.quantize(COLOURS, dither=Image.Dither.NONE)
    few_colours.save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
