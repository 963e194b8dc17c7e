"""Coroutines in tests that share their process with Playwright."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def run_coroutine(coroutine: Coroutine[Any, Any, None]) -> None:
    """Runs a coroutine to its end, in a thread of its own.

    Playwright keeps an event loop running in the thread of the tests, beside which ``asyncio.run``
    is refused.
    """
    with ThreadPoolExecutor(1) as executor:
        executor.submit(asyncio.run, coroutine).result()
