"""What a server accepts at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

BODY_SECONDS = 30.0
"""Seconds in which the body of a request must arrive."""
SEND_SECONDS = 60.0
"""Seconds for which a client may leave a piece of an answer unread."""
MAX_TEXTS = 64
"""Texts of all requests that are computed at the same time; further ones wait."""
MAX_CHOICES = 16
"""Texts of one request: its prompts times ``n``."""
MAX_INPUTS = 1024
"""Inputs of one request for predictions."""
MAX_STOPS = 4
"""Texts to stop at; as many as OpenAI takes."""
MAX_STOP_LENGTH = 256
"""Characters of a text to stop at."""


@final
@dataclass(frozen=True)
class Limits:
    """The limits that the person who starts the server sets.

    Args:
        prompt: Symbols of a prompt, and of an input to predict the answer to.
        max_tokens: Symbols of a text, and rows of a forecast.
        body: Bytes of the body of a request.
        requests: Requests that are accepted at the same time.
    """

    prompt: int = 16_384
    max_tokens: int = 4_096
    body: int = 1 << 20
    requests: int = 64
