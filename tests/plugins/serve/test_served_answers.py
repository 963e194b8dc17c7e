"""Answers in JSON, and the errors of a client."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.coroutines import run_coroutine

pytest.importorskip("zoo_serve")
pytestmark = pytest.mark.full


@pytest.mark.parametrize("number", [math.inf, math.nan])
def test_an_answer_that_is_no_number_is_an_error_of_the_server(number: float) -> None:
    from zoo_serve.answers import to_bytes
    from zoo_serve.errors import ApiError

    with pytest.raises(ApiError, match="the answer is not finite") as caught:
        to_bytes({"value": number})
    assert caught.value.to_json()["error"]["type"] == "server_error"


def test_half_a_surrogate_pair_is_a_question_mark() -> None:
    from zoo_serve.answers import to_bytes

    assert to_bytes(["a\udce9é"]) == '["a?é"]'.encode()


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request_error"), (499, "invalid_request_error"), (500, "server_error")],
)
def test_an_error_is_of_the_request_below_500(status: int, kind: str) -> None:
    from zoo_serve.errors import ApiError

    error = ApiError(status, "what happened").to_json()["error"]
    assert error == {"message": "what happened", "type": kind, "param": None, "code": None}


def test_a_field_that_is_null_counts_as_missing() -> None:
    from zoo_serve.fields import Fields

    fields = Fields({"n": None, "stream": None, "model": None, "odd": None})
    fields.refuse_unknown(["n"])
    assert (fields.integer("n", 1, 1, 4), fields.flag("stream"), fields.text("model")) == (
        1,
        False,
        "",
    )


@pytest.mark.parametrize(("count", "is_taken"), [(0, False), (1, True), (None, True)])
def test_as_many_inputs_as_the_limit_are_taken(count: int | None, is_taken: bool) -> None:
    from zoo_core.data.vocabulary import REFUSE
    from zoo_serve.calls import read_predict
    from zoo_serve.errors import ApiError
    from zoo_serve.limits import MAX_INPUTS, Limits

    limits = Limits(10, 10, 10, 10)
    inputs = ["a"] * (MAX_INPUTS if count is None else count)
    if is_taken:
        assert len(read_predict({"input": inputs}, REFUSE, limits).parts) == len(inputs)
        inputs = ["a"] * (MAX_INPUTS + 1)
    with pytest.raises(ApiError, match=f"expected 1 to {MAX_INPUTS}"):
        read_predict({"input": inputs}, REFUSE, limits)


def test_the_end_of_a_stream_is_told_however_it_comes() -> None:
    from zoo_serve.answers import EventStream

    ended: list[str] = []

    async def events() -> Any:
        yield {"a": 1}

    async def leave(message: Any) -> None:
        if message["type"] == "http.response.body":
            raise OSError("the client has left")

    stream = EventStream(events(), lambda: ended.append("closed"))
    receive: Any = None
    with pytest.raises(OSError, match="has left"):
        run_coroutine(stream({"type": "http"}, receive, leave))
    assert ended == ["closed"]
