"""The fields of a request for completions: defaults, bounds, and values that change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from zoo_serve.completions import CompletionRequest

pytest.importorskip("zoo_serve")
pytestmark = pytest.mark.full


def read(**fields: Any) -> CompletionRequest:
    """Returns the request of a body."""
    from zoo_serve.completions import read_completion_request
    from zoo_serve.limits import Limits

    return read_completion_request(fields, Limits(max_tokens=100))


def test_a_request_without_fields_has_the_defaults_of_openai() -> None:
    request = read()
    texts = request.texts
    assert (request.model, texts.prompts, texts.n, texts.max_tokens) == ("", (None,), 1, 16)
    assert (texts.temperature, texts.top_k, texts.top_p, texts.stops) == (1.0, None, 1.0, ())
    assert (request.echoes, request.streams, request.sends_usage) == (False, False, False)
    assert len({read().texts.seed for _ in range(8)}) == 8
    nulls = dict.fromkeys(("prompt", "max_tokens", "temperature", "stop", "stream_options", "seed"))
    assert read(**nulls).texts.max_tokens == 16


@pytest.mark.parametrize(
    "fields",
    [
        {"suffix": "", "logprobs": False, "logit_bias": {}, "user": "me"},
        {"presence_penalty": 0, "frequency_penalty": 0.0},
        {"n": 2, "best_of": 2},
        {"n": 16},
        {"n": 8, "prompt": ["a", "b"]},
        {"max_tokens": 0},
        {"max_tokens": 100},
        {"temperature": 0},
        {"top_k": 0},
        {"top_p": 1},
        {"seed": -(2**63)},
        {"stop": ["a", "b", "c", "d"]},
        {"stop": "x" * 256},
        {"prompt": [0, 1]},
        {"prompt": [[0, 1], [2]]},
    ],
)
def test_values_at_the_bounds_and_those_that_change_nothing_are_taken(
    fields: dict[str, Any],
) -> None:
    read(**fields)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"presence_penalty": False}, "presence_penalty"),
        ({"logit_bias": {"1": 2}}, "logit_bias"),
        ({"n": 2, "best_of": 1}, "best_of"),
        ({"n": 17}, "n"),
        ({"n": 9, "prompt": ["a", "b"]}, "n"),
        ({"max_tokens": 101}, "max_tokens"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"top_p": 1.01}, "top_p"),
        ({"top_k": -1}, "top_k"),
        ({"seed": 2**63}, "seed"),
        ({"stop": "x" * 257}, "stop"),
        ({"stop": ["a", ""]}, "stop"),
        ({"stop": {"a": 1}}, "stop"),
        ({"user": 1}, "user"),
        ({"model": 1}, "model"),
        ({"echo": 1}, "echo"),
        ({"prompt": [True]}, "prompt"),
        ({"prompt": [[]]}, "prompt"),
        ({"prompt": [[0], "a"]}, "prompt"),
        ({"stream": True, "stream_options": "usage"}, "stream_options"),
        ({"stream": True, "stream_options": {"include_usage": 1}}, "include_usage"),
    ],
)
def test_other_values_are_refused_with_the_name_of_the_field(
    fields: dict[str, Any], param: str
) -> None:
    from zoo_serve.errors import ApiError

    with pytest.raises(ApiError) as caught:
        read(**fields)
    assert (caught.value.status, caught.value.param) == (400, param)


def test_prompts_stops_and_flags_are_those_of_the_request() -> None:
    request = read(
        model="m",
        prompt=["a", "b"],
        n=2,
        top_k=3,
        top_p=0.5,
        seed=7,
        stop="x",
        echo=True,
        stream=True,
        stream_options={"include_usage": True},
    )
    texts = request.texts
    assert (request.model, texts.prompts, texts.n, texts.seed) == ("m", ("a", "b"), 2, 7)
    assert (texts.top_k, texts.top_p, texts.stops) == (3, 0.5, ("x",))
    assert (request.echoes, request.streams, request.sends_usage) == (True, True, True)
    assert read(prompt=[0, 1]).texts.prompts == ([0, 1],)
    assert read(prompt=[[0], [1]]).texts.prompts == ([0], [1])
