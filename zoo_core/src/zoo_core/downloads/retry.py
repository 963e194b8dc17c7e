"""Repeating a call over the network that failed for a reason that may pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
ATTEMPTS = 5
"""How many times a call is made at most."""
FIRST_PAUSE = 0.5
"""Seconds before the second attempt; doubled before each further one."""


def call_with_retry(
    call: Callable[[], T],
    *,
    is_retryable: Callable[[Exception], bool],
    retry_after: Callable[[Exception], float],
    deadline: float,
) -> T:
    """Returns what a call returns, repeating it while it fails with a retryable error.

    The pause before the next attempt doubles each time. It is longer where the server asks for it.

    Args:
        call: The call.
        is_retryable: Whether another attempt may succeed after an error.
        retry_after: Seconds that the server asks to wait, 0 if it does not ask.
        deadline: The ``time.monotonic()`` after which no attempt begins.

    Raises:
        Exception: The error of the last attempt.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return call()
        except Exception as error:
            if attempt == ATTEMPTS or not is_retryable(error):
                raise
            pause = max(FIRST_PAUSE * 2 ** (attempt - 1), retry_after(error))
            if time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def parse_retry_after(header: str | None) -> float:
    """Seconds that a ``Retry-After`` header asks to wait; 0 if it is missing or a date."""
    return float(header) if header and header.isdecimal() else 0.0
