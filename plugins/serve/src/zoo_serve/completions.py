"""Completions in OpenAI's form: requests, answers and the events of a stream.

Source: https://platform.openai.com/docs/api-reference/completions, as the client ``openai`` 2 sends
and reads it.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any, final

from zoo_serve.errors import ApiError
from zoo_serve.fields import Fields
from zoo_serve.jobs import Prompt, TextRequest
from zoo_serve.limits import MAX_CHOICES, MAX_STOP_LENGTH, MAX_STOPS, Limits

DEFAULT_TOKENS = 16
"""Symbols of a text if the request does not say; as with OpenAI."""
FIELDS = (
    "model",
    "prompt",
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "stop",
    "n",
    "echo",
    "stream",
    "stream_options",
    "user",
    "suffix",
    "logprobs",
    "best_of",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
)
"""The fields of a request. ``top_k`` is one of the zoo; the last six have one value each that
changes nothing."""


@final
@dataclass(frozen=True)
class CompletionRequest:
    """A request for completions.

    Args:
        model: The id of the model; empty if the request has none.
        texts: What to generate.
        echoes: Whether each text begins with its prompt.
        streams: Whether the texts are sent while they are generated.
        sends_usage: Whether a stream ends with the numbers of symbols.
    """

    model: str
    texts: TextRequest
    echoes: bool
    streams: bool
    sends_usage: bool


def read_completion_request(body: object, limits: Limits) -> CompletionRequest:
    """Returns the request of a body.

    Raises:
        ApiError: A field is unknown, not supported, of the wrong type or out of bounds.
    """
    fields = Fields(body)
    fields.refuse_unknown(FIELDS)
    fields.refuse_set("suffix", ("",), "these models read forward only")
    fields.refuse_set("logprobs", (False,), "expected null")
    fields.refuse_set("presence_penalty", (0,), "expected 0")
    fields.refuse_set("frequency_penalty", (0,), "expected 0")
    fields.refuse_set("logit_bias", ({},), "expected null")
    prompts, n = _prompts(fields), fields.integer("n", 1, 1, MAX_CHOICES)
    fields.refuse_set("best_of", (n,), f"expected n, which is {n}")
    if len(prompts) * n > MAX_CHOICES:
        raise ApiError(
            400,
            f"n = {n} for {len(prompts)} prompts: expected at most {MAX_CHOICES} texts in all",
            param="n",
        )
    fields.text("user")
    top_p = fields.number("top_p", 1.0, 0.0, 1.0)
    if not top_p:
        raise fields.wrong("top_p", "a number above 0, up to 1")
    return CompletionRequest(
        model=fields.text("model"),
        texts=TextRequest(
            prompts=prompts,
            n=n,
            max_tokens=_max_tokens(fields, limits),
            temperature=fields.number("temperature", 1.0, 0.0, 1e6),
            top_k=fields.integer("top_k", 0, 0, 10**9) or None,
            top_p=top_p,
            seed=fields.integer("seed", secrets.randbits(62), -(2**63), 2**63 - 1),
            stops=_stops(fields),
        ),
        echoes=fields.flag("echo"),
        streams=fields.flag("stream"),
        sends_usage=_sends_usage(fields),
    )


def _prompts(fields: Fields) -> tuple[Prompt, ...]:
    value = fields.any("prompt")
    if value is None or isinstance(value, str):
        return (value,)
    if isinstance(value, list) and value:
        if all(isinstance(item, str) for item in value) or all(map(_is_ids, value)):
            return tuple(value)
        if _is_ids(value):
            return (value,)
    raise fields.wrong("prompt", "a text, a list of texts, or ids of symbols")


def _is_ids(value: object) -> bool:
    """Whether a value is a list of ids."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, int) and not isinstance(item, bool) for item in value)
    )


def _max_tokens(fields: Fields, limits: Limits) -> int:
    value = fields.any("max_tokens")
    if isinstance(value, int) and value > limits.max_tokens:
        raise ApiError(
            400,
            f"max_tokens = {value}: this server generates at most {limits.max_tokens} symbols",
            param="max_tokens",
        )
    return fields.integer("max_tokens", DEFAULT_TOKENS, 0, limits.max_tokens)


def _stops(fields: Fields) -> tuple[str, ...]:
    value = fields.any("stop")
    if value is None:
        return ()
    stops = [value] if isinstance(value, str) else value
    is_valid = (
        isinstance(stops, list)
        and len(stops) <= MAX_STOPS
        and all(isinstance(stop, str) and 0 < len(stop) <= MAX_STOP_LENGTH for stop in stops)
    )
    if not is_valid:
        raise fields.wrong(
            "stop", f"a text of 1 to {MAX_STOP_LENGTH} characters, or a list of up to {MAX_STOPS}"
        )
    return tuple(stops)


def _sends_usage(fields: Fields) -> bool:
    value = fields.any("stream_options")
    if value is None:
        return False
    if not fields.flag("stream"):
        raise ApiError(400, "stream_options go with stream = true only", param="stream_options")
    options = Fields(value) if isinstance(value, dict) else None
    if options is None:
        raise fields.wrong("stream_options", 'an object, such as {"include_usage": true}')
    return options.flag("include_usage")


@final
class CompletionAnswer:
    """The objects that answer one request.

    Args:
        model: The id of the model.
    """

    def __init__(self, model: str) -> None:
        self._head = {
            "id": f"cmpl-{secrets.token_hex(12)}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": model,
        }

    def whole(
        self, texts: list[str], reasons: list[str], prompt_tokens: int, tokens: int
    ) -> dict[str, Any]:
        """Returns the answer of a request that does not stream."""
        choices = [
            _choice(index, text, reason)
            for index, (text, reason) in enumerate(zip(texts, reasons, strict=True))
        ]
        return self._head | {"choices": choices, "usage": _usage(prompt_tokens, tokens)}

    def piece(self, index: int, text: str, reason: str | None = None) -> dict[str, Any]:
        """Returns an event of a stream: a piece of a text, or with a reason its end."""
        return self._head | {"choices": [_choice(index, text, reason)]}

    def usage(self, prompt_tokens: int, tokens: int) -> dict[str, Any]:
        """Returns the event of a stream that has the numbers of symbols."""
        return self._head | {"choices": [], "usage": _usage(prompt_tokens, tokens)}


def _choice(index: int, text: str, reason: str | None) -> dict[str, Any]:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": reason}


def _usage(prompt_tokens: int, tokens: int) -> dict[str, int]:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": tokens,
        "total_tokens": prompt_tokens + tokens,
    }
