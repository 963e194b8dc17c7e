"""Pages in headless Chromium: what they log, what they ask the network for, how they fit.

The fixture ``chromium`` of ``tests/conftest.py`` starts the browser of the distribution once for
all tests; tests that use it have the marker ``browser``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, LocatorAssertions, Page

WIDE, NARROW = 1280, 390
"""Pixels of a laptop and of a phone."""
Scheme: TypeAlias = Literal["light", "dark"]
ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
"""Chromium as root, and without requests of its own."""


@dataclass(frozen=True)
class OpenPage:
    """A page in the browser.

    Args:
        page: The page.
        errors: What went wrong in it: errors and warnings of the console, uncaught exceptions.
        requests: The addresses that it asked for, its own first.
    """

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def overflow(self) -> int:
        """The pixels by which the page is wider than the window."""
        pixels: int = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return pixels


@contextlib.contextmanager
def start_chromium() -> Iterator[Browser]:
    """Starts Chromium; skips the test where it or playwright is missing."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not path:
        pytest.skip("no Chromium here: install the package chromium, or set CHROMIUM to its path")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        pytest.skip("no playwright here: uv sync --group full")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def open_page(
    browser: Browser, address: str, *, width: int = WIDE, scheme: Scheme = "light"
) -> Iterator[OpenPage]:
    """Opens a page in a window of its own and waits until it has loaded.

    Args:
        browser: The browser.
        address: The address: ``file://...`` or ``http://127.0.0.1:...``.
        width: The width of the window in pixels.
        scheme: The colours that the reader prefers.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, has_touch=width == NARROW
    )
    try:
        opened = OpenPage(context.new_page())
        page = opened.page
        page.on(
            "console",
            lambda message: (
                opened.errors.append(message.text) if message.type in ("error", "warning") else None
            ),
        )
        page.on("pageerror", lambda error: opened.errors.append(str(error)))
        page.on("request", lambda request: opened.requests.append(request.url))
        page.goto(address, wait_until="load")
        yield opened
    finally:
        context.close()


def expect(locator: Locator) -> LocatorAssertions:
    """Returns the assertions about an element, which wait until they hold."""
    from playwright.sync_api import expect as expect_of

    return expect_of(locator)
