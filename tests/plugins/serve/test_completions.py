"""``POST /v1/completions``: real clients, and requests that each say one thing wrong."""

from __future__ import annotations

import contextlib
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.plugins.serve.conftest import MAX_REQUESTS, MODEL
from tests.plugins.serve.served import Served
from zoo_core import generate, load

pytest.importorskip("zoo_serve")
pytestmark = [pytest.mark.full, pytest.mark.xdist_group("serve")]
PROMPT = "The function returns "


def test_openai_completes_streams_and_lists(served: Served) -> None:
    from openai import NotFoundError, OpenAI

    with OpenAI(base_url=f"{served.url}/v1", api_key="none", max_retries=0) as client:
        assert client.models.list().data[0].id == MODEL
        assert client.models.retrieve(MODEL).owned_by == "zoo-lstm"
        asked: dict[str, Any] = {"model": MODEL, "prompt": PROMPT, "seed": 3, "max_tokens": 400}
        whole = client.completions.create(**asked)
        assert whole.choices[0].finish_reason == "length"
        assert whole.usage is not None
        assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (len(PROMPT), 400)
        stream = client.completions.create(
            **asked, stream=True, stream_options={"include_usage": True}
        )
        *pieces, last = list(stream)
        assert "".join(piece.choices[0].text for piece in pieces) == whole.choices[0].text
        assert len(pieces) > 3, "the text comes while it is generated"
        assert pieces[-1].choices[0].finish_reason == "length"
        assert last.choices == []
        assert last.usage == whole.usage
        with pytest.raises(NotFoundError, match="no model 'gpt-9'; there are lstm-embed"):
            client.completions.create(model="gpt-9", prompt=PROMPT)


def test_curl_completes_and_streams(served: Served) -> None:
    def curl(body: str) -> str:
        url = f"{served.url}/v1/completions"
        command = ["curl", "-sSN", url, "-H", "Content-Type: application/json", "-d", body]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    body = f'{{"model": "{MODEL}", "prompt": "def ", "max_tokens": 8, "seed": 1'
    assert '"finish_reason":"length"' in curl(f"{body}}}")
    assert curl(f'{body}, "stream": true}}').endswith("data: [DONE]\n\n")


def test_the_text_is_that_of_generate(served: Served) -> None:
    asked = {"temperature": 0.7, "top_k": 9, "top_p": 0.9, "seed": 5}
    answer = served.complete(model=MODEL, prompt=PROMPT, max_tokens=60, **asked)
    expected = generate(load(MODEL), PROMPT, length=60, **asked)  # type: ignore[call-overload]
    assert answer.json["choices"][0]["text"] == expected


def test_texts_are_the_same_alone_and_among_others(served: Served) -> None:
    asked = [
        {"model": model, "prompt": PROMPT[: 3 + seed], "seed": seed, "max_tokens": 30 + seed}
        for seed in range(5)
        for model in (MODEL, "gru-embed.python-docs")
    ]
    alone = [served.complete(**fields).json["choices"] for fields in asked]
    with ThreadPoolExecutor(len(asked)) as pool:
        together = [a.json["choices"] for a in pool.map(lambda f: served.complete(**f), asked)]
    assert together == alone


def test_choices_of_one_request_have_the_seeds_that_follow(served: Served) -> None:
    asked = {"model": MODEL, "prompt": ["a", "b"], "n": 2, "seed": 7, "max_tokens": 20}
    choices = served.complete(**asked).json["choices"]
    assert [choice["index"] for choice in choices] == [0, 1, 2, 3]
    alone = served.complete(model=MODEL, prompt="b", seed=8, max_tokens=20).json
    assert choices[3]["text"] == alone["choices"][0]["text"]


def test_a_text_ends_before_what_it_stops_at(served: Served) -> None:
    asked = {"model": MODEL, "prompt": PROMPT, "seed": 3, "max_tokens": 60}
    text = served.complete(**asked).json["choices"][0]["text"]
    stop = text[20:24]
    for stops in (stop, ["never this one", stop]):
        answer = served.complete(**asked, stop=stops).json
        assert answer["choices"][0]["text"] == text[: text.find(stop)]
        assert answer["choices"][0]["finish_reason"] == "stop"
        assert answer["usage"]["completion_tokens"] == text.find(stop) + len(stop)
        events = served.complete(**asked, stop=stops, stream=True).events
        pieces = [choice["text"] for event in events[:-1] for choice in event["choices"]]
        assert "".join(pieces) == text[: text.find(stop)]
        assert events[-1] == "[DONE]"


def test_the_prompt_may_be_echoed_missing_or_ids(served: Served) -> None:
    asked: dict[str, Any] = {"model": MODEL, "seed": 3, "max_tokens": 5}
    text = served.complete(**asked, prompt="ab").json["choices"][0]["text"]
    echoed = served.complete(**asked, prompt="ab", echo=True)
    assert echoed.json["choices"][0]["text"] == f"ab{text}"
    vocabulary = load(MODEL).signature.vocabulary
    assert vocabulary is not None
    ids = served.complete(**asked, prompt=vocabulary.encode("ab"))
    assert ids.json["choices"][0]["text"] == text
    assert served.complete(**asked).json["usage"]["prompt_tokens"] == 1
    none = served.complete(model=MODEL, prompt="ab", max_tokens=0, echo=True).json
    assert none["choices"][0]["text"] == "ab"
    assert none["usage"]["completion_tokens"] == 0


@pytest.mark.parametrize(
    ("fields", "param", "message"),
    [
        ({"max_tokens": 2001}, "max_tokens", "generates at most 2000 symbols"),
        ({"max_tokens": 1.5}, "max_tokens", "max_tokens = 1.5: expected an integer from 0 to"),
        ({"temperature": -1}, "temperature", "temperature = -1: expected a number from 0 to"),
        ({"temperature": "hot"}, "temperature", "expected a number"),
        ({"top_p": 0}, "top_p", "expected a number above 0"),
        ({"n": 0}, "n", "n = 0: expected an integer from 1 to 16"),
        ({"n": 9, "prompt": ["a", "b"]}, "n", "at most 16 texts"),
        ({"seed": "x"}, "seed", 'seed = "x": expected an integer'),
        ({"stop": ["a"] * 5}, "stop", "a list of up to 4"),
        ({"stop": ""}, "stop", "expected a text of 1 to 256 characters"),
        ({"prompt": []}, "prompt", "expected a text"),
        ({"prompt": ["a", 1]}, "prompt", "expected a text"),
        ({"prompt": [5000]}, "prompt", "no symbol 5000"),
        ({"prompt": "x" * 301}, "prompt", "301 symbols, this server takes 300"),
        ({"prompt": ""}, "prompt", "an empty input; give at least one symbol"),
        ({"prompt": "\N{SNOWMAN}"}, "prompt", "symbols that the vocabulary lacks"),
        ({"stream": "yes"}, "stream", "expected true or false"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "stream = true"),
        ({"logprobs": 3}, "logprobs", "logprobs is not supported"),
        ({"logprobs": 0}, "logprobs", "logprobs is not supported"),
        ({"top_k": False}, "top_k", "top_k = false: expected an integer from 0 to"),
        ({"stop": False}, "stop", "stop = false: expected a text"),
        ({"best_of": 2}, "best_of", "best_of is not supported"),
        ({"suffix": "end"}, "suffix", "suffix is not supported"),
        ({"presence_penalty": 1.0}, "presence_penalty", "is not supported"),
        ({"max_token": 3}, "max_token", "no field 'max_token'; did you mean max_tokens?"),
        ({"model": ""}, "model", "no model is named"),
    ],
)
def test_a_wrong_field_is_named(
    served: Served, fields: dict[str, Any], param: str, message: str
) -> None:
    answer = served.complete(**({"model": MODEL, "prompt": "a"} | fields))
    assert answer.status == 400
    assert answer.error["param"] == param
    assert answer.error["type"] == "invalid_request_error"
    assert message in answer.error["message"]


def test_a_model_of_labels_has_no_completions(served: Served, hello_once: object) -> None:
    answer = served.complete(model=str(hello_once), prompt="hello")
    assert answer.status == 400
    assert answer.error["param"] == "model"
    assert "has no completions; it has predict" in answer.error["message"]


@pytest.mark.parametrize("streams", [True, False])
def test_a_client_that_leaves_stops_the_computation(served: Served, streams: bool) -> None:
    served.wait_until_idle()
    before = served.ask("/health").json["symbols"]
    connection = served.send(model=MODEL, prompt="a", n=8, max_tokens=2000, stream=streams)
    if streams:
        connection.getresponse().read(200)
    while not served.ask("/health").json["texts"]:
        pass
    connection.close()
    served.wait_until_idle()
    # all of it would be 16,000 symbols
    assert served.ask("/health").json["symbols"] - before < 12_000


def test_more_requests_than_the_limit_are_told_to_come_back(served: Served) -> None:
    served.wait_until_idle()
    with contextlib.ExitStack() as stack:
        for _ in range(MAX_REQUESTS):
            response = stack.enter_context(
                served.open(model=MODEL, prompt="a", max_tokens=2000, stream=True)
            )
            assert response.read(6) == b"data: "
        answer = served.complete(model=MODEL, prompt="a")
        assert (answer.status, answer.error["code"]) == (429, "rate_limit_exceeded")
        assert answer.headers["retry-after"] == "1"
        assert served.ask("/health").status == 200
    served.wait_until_idle()
