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


def served(reference: str | Path = MODEL, unknown: str = "error") -> ServedModel:
    """A model that is ready."""
    from zoo_serve.limits import Limits
    from zoo_serve.served_model import ServedModel

    model = ServedModel(load(reference), Limits(), Unknown.parse(unknown))
    model.prepare()
    return model


def texts(prompt: str, **settings: Any) -> Job:
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
    ends = []
    while model.load.texts:
        ends += [job for job, event in model.turn() if isinstance(event, Ended)]
    assert ends == [job for job in jobs for _ in range(16)]


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
    model = served()
    job = texts("a")
    list(model.accept(job))
    assert model.end_all() == {job}
    assert len(events(model, texts("a"))) > 2


def test_a_text_that_cannot_begin_is_among_those_that_end() -> None:
    model = served()
    job = texts("a", temperature=-1.0)  # which no request may ask for
    list(model.accept(job))
    with pytest.raises(ConfigError, match="temperature = -1"):
        list(model.turn())
    assert model.end_all() == {job}
    assert model.load.texts == 0
