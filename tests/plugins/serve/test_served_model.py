"""A served model, turn by turn, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from tests.plugins.serve.conftest import MODEL
from zoo_core import Unknown, load
from zoo_core.errors import ConfigError, DataError, IntegrityError

if TYPE_CHECKING:
    from zoo_serve.jobs import Event, Job
    from zoo_serve.served_model import ServedModel

pytest.importorskip("zoo_serve")
pytestmark = pytest.mark.full
CONTEXT = "context_length_exceeded"
"""The code of OpenAI for a prompt that is too long."""


def served(reference: str | Path = MODEL, unknown: str = "error") -> ServedModel:
    """A model that is ready."""
    from zoo_serve.limits import Limits
    from zoo_serve.served_model import ServedModel

    model = ServedModel(load(reference), Limits(), Unknown.parse(unknown))
    model.prepare()
    return model


def texts(prompt: str | list[int], **settings: Any) -> Job:
    """A job of texts."""
    from zoo_serve.jobs import Job, TextRequest

    values: dict[str, Any] = {
        "n": 1,
        "max_tokens": 5,
        "temperature": 1.0,
        "top_k": None,
        "top_p": 1.0,
    }
    values |= {"seed": 1, "stops": ()} | settings
    return Job(MODEL, TextRequest((prompt,), **values))


def events(model: ServedModel, job: Job) -> list[Event]:
    """What a job reports until nothing is left to do."""
    found = [event for _, event in model.accept(job)]
    while model.load.texts or model.load.calls:
        found += [event for _, event in model.turn()]
    return found


def test_unknown_symbols_are_refused_or_skipped_as_the_server_was_told() -> None:
    from zoo_serve.jobs import Failed, Started

    (refused,) = events(served(), texts("a\N{SNOWMAN}b"))
    assert isinstance(refused, Failed)
    assert isinstance(refused.error, DataError)
    started, *pieces = events(served(unknown="skip"), texts("a\N{SNOWMAN}b"))
    assert started == Started(["ab"], 2)
    assert pieces == events(served(), texts("ab"))[1:]


def test_a_prompt_may_be_ids_of_symbols_and_an_unknown_or_long_one_is_refused() -> None:
    from zoo_serve.errors import ApiError
    from zoo_serve.jobs import Failed

    model = served()
    vocabulary = model.checkpoint.signature.vocabulary
    assert vocabulary is not None
    last = len(vocabulary) - 1
    text = vocabulary.decode([0, last])
    assert events(model, texts([0, last])) == events(served(), texts(text))
    for prompt, message, code in (
        ([-1], f"no symbol -1; the vocabulary has {last + 1}", ""),
        ([0, last + 1], f"no symbol {last + 1}; the vocabulary has {last + 1}", ""),
        ([0] * 16385, "the prompt has 16385 symbols, this server takes 16384", CONTEXT),
    ):
        (failed,) = events(model, texts(prompt))
        assert isinstance(failed, Failed)
        assert isinstance(failed.error, ApiError)
        assert message in failed.error.message
        assert (failed.error.status, failed.error.code) == (400, code)


def test_what_was_held_back_for_a_text_to_stop_at_is_sent_at_the_end() -> None:
    from zoo_serve.jobs import Ended, Piece

    def written(**settings: Any) -> tuple[str, Event]:
        *found, end = events(served(), texts("The ", temperature=0.0, **settings))
        return "".join(event.text for event in found if isinstance(event, Piece)), end

    text, end = written()
    assert end == Ended(0, "length", 5)
    assert written(stops=(f"{text[-1]}\N{SNOWMAN}",)) == (text, end)
    assert written(stops=(text[3:],)) == (text[:3], Ended(0, "stop", 5))


def test_a_cancelled_job_is_not_computed_any_more() -> None:
    model = served()
    first, second = texts("a", n=4, max_tokens=50), texts("b", max_tokens=50)
    for job in (first, second):
        list(model.accept(job))
    list(model.turn())
    assert model.load.texts == 5
    first.is_cancelled = True
    assert {job for job, _ in model.turn()} == {second}
    assert model.load.texts == 1
    late = texts("c")
    late.is_cancelled = True
    assert list(model.accept(late)) == []


def test_more_texts_than_are_computed_at_once_wait_and_are_all_finished() -> None:
    from zoo_serve.jobs import Ended
    from zoo_serve.limits import MAX_TEXTS

    model = served()
    jobs = [texts("a", n=16, max_tokens=2 + number) for number in range(MAX_TEXTS // 16 + 1)]
    for job in jobs:
        list(model.accept(job))
    assert model.load.texts == 16 * len(jobs)
    assert {job for job, _ in model.turn()} == set(jobs[:-1])
    ends = []
    while model.load.texts:
        ends += [job for job, event in model.turn() if isinstance(event, Ended)]
    assert ends == [job for job in jobs for _ in range(16)]


def test_texts_that_wait_take_the_place_of_cancelled_ones() -> None:
    from zoo_serve.limits import MAX_TEXTS

    model = served()
    jobs = [texts("a", n=16, max_tokens=50) for _ in range(MAX_TEXTS // 16 + 2)]
    for job in jobs:
        list(model.accept(job))
    list(model.turn())
    jobs[0].is_cancelled = jobs[-1].is_cancelled = True
    assert {job for job, _ in model.turn()} == set(jobs[1:-1])
    assert model.load.texts == MAX_TEXTS


def test_a_job_fails_once_although_some_of_its_texts_wait() -> None:
    from zoo_serve.jobs import Failed

    model = served()
    with torch.no_grad():
        model.checkpoint.model.get_parameter("output.bias").fill_(float("nan"))
    jobs = [texts("a", n=8), *(texts("a", n=16) for _ in range(4))]
    for job in jobs:
        list(model.accept(job))
    failed = []
    while model.load.texts:
        failed += [job for job, event in model.turn() if isinstance(event, Failed)]
    assert failed == jobs


def test_a_model_whose_weights_are_not_finite_fails_its_requests_and_no_other() -> None:
    from zoo_serve.jobs import Failed

    model = served()
    with torch.no_grad():
        model.checkpoint.model.get_parameter("output.bias").fill_(float("nan"))
    found = events(model, texts("a", n=3))
    (failed,) = (event for event in found if isinstance(event, Failed))
    assert isinstance(failed.error, IntegrityError)
    assert model.load.texts == 0


def test_after_a_bug_the_jobs_end_and_the_model_goes_on() -> None:
    from zoo_serve.jobs import CallRequest, Job

    model = served()
    job, call = texts("a"), Job(MODEL, CallRequest((lambda checkpoint: 1,)))
    assert [*model.accept(call), *list(model.accept(job))[1:]] == []
    assert model.end_all() == {job, call}
    assert model.load._replace(symbols=0) == (0, 0, 0)
    assert len(events(model, texts("a"))) > 2


def test_a_text_that_cannot_begin_is_among_those_that_end() -> None:
    model = served()
    job = texts("a", temperature=-1.0)  # which no request may ask for
    list(model.accept(job))
    with pytest.raises(ConfigError, match="temperature = -1"):
        list(model.turn())
    assert model.end_all() == {job}
    assert model.load.texts == 0
