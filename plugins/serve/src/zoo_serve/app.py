"""The application: its paths, and the way of a request through it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeAlias, final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from zoo_core.data.vocabulary import Unknown
from zoo_core.errors import ZooError
from zoo_serve.answers import EventStream, error_response, json_response
from zoo_serve.calls import read_forecast, read_predict
from zoo_serve.completions import CompletionAnswer, CompletionRequest, read_completion_request
from zoo_serve.computing import ComputingThread
from zoo_serve.errors import ApiError, to_api_error
from zoo_serve.guard import AccessRules, Guard
from zoo_serve.jobs import Answered, CallRequest, Ended, Failed, Job, Piece, Started
from zoo_serve.limits import BODY_SECONDS, Limits
from zoo_serve.served_model import ServedModel

logger = logging.getLogger("zoo_core.serve")
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
DISCARDED = 16
"""How many times the limit of a body is read and thrown away before a too long one is refused, as
many clients read no answer before they have sent everything."""


@final
class Service:
    """The requests of a server.

    Args:
        models: The models by id.
        computing: The thread that computes.
        limits: What a request may ask for.
        unknown: What to do with symbols that the vocabulary lacks.

    Attributes:
        in_flight: Requests that were accepted and are not answered yet.
        is_stopping: Whether new requests are refused.
    """

    def __init__(
        self,
        models: Mapping[str, ServedModel],
        computing: ComputingThread,
        limits: Limits,
        unknown: Unknown,
    ) -> None:
        self._models = models
        self._computing = computing
        self._limits = limits
        self._unknown = unknown
        self._created = int(time.time())
        self.in_flight = 0
        self.is_stopping = False

    def application(self, rules: AccessRules) -> Guard:
        """Returns the application."""
        routes = [
            Route("/health", self._answering(self._health)),
            Route("/v1/models", self._answering(self._list_models)),
            Route("/v1/models/{model:path}", self._answering(self._show_model)),
            Route("/v1/completions", self._counted(self._completions), methods=["POST"]),
            Route("/predict", self._counted(self._predict), methods=["POST"]),
            Route("/forecast", self._counted(self._forecast), methods=["POST"]),
        ]
        handlers: Any = {HTTPException: _http_error}
        return Guard(Starlette(routes=routes, exception_handlers=handlers), rules)

    def _answering(self, endpoint: Endpoint) -> Endpoint:
        """Returns an endpoint whose errors are answers."""

        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except ApiError as error:
                return error_response(error)
            except ZooError as error:
                return error_response(to_api_error(error))
            except ClientDisconnect:  # nobody reads the answer
                return Response(status_code=400)
            except Exception as error:  # a bug of our own, or of a plugin
                logger.exception("%s failed", request.url.path)
                return error_response(ApiError(500, f"{type(error).__name__} in the server"))

        return answer

    def _counted(self, endpoint: Endpoint) -> Endpoint:
        """Returns an endpoint that counts as in flight until its answer is sent."""
        inner = self._answering(endpoint)

        async def answer(request: Request) -> Response:
            if self.is_stopping:
                headers = {"Retry-After": "5", "Connection": "close"}
                message = "the server is stopping; ask another one"
                return error_response(
                    ApiError(503, message, code="server_stopping", headers=headers)
                )
            if self.in_flight >= self._limits.requests:
                message = (
                    f"{self.in_flight} requests are in work, this server takes "
                    f"{self._limits.requests}; ask again later"
                )
                return error_response(
                    ApiError(429, message, code="rate_limit_exceeded", headers={"Retry-After": "1"})
                )
            self.in_flight += 1
            try:
                return _Counted(await inner(request), self._end)
            except BaseException:
                self._end()
                raise

        return answer

    def _end(self) -> None:
        self.in_flight -= 1

    async def _health(self, request: Request) -> Response:
        load = self._computing.load
        state = {"status": "stopping" if self.is_stopping else "ok"}
        figures = {"requests": self.in_flight} | load._asdict()
        return json_response(state | figures, 503 if self.is_stopping else 200)

    async def _list_models(self, request: Request) -> Response:
        return json_response(
            {"object": "list", "data": [self._description(name) for name in self._models]}
        )

    async def _show_model(self, request: Request) -> Response:
        return json_response(self._description(self._known(request.path_params["model"])))

    def _description(self, name: str) -> dict[str, Any]:
        model = self._models[name]
        return {
            "id": name,
            "object": "model",
            "created": self._created,
            "owned_by": model.checkpoint.run_config.plugins["model"],
            "tasks": model.tasks,
        }

    def _known(self, name: str) -> str:
        """Returns the id of a model; without a name, that of the only one.

        Raises:
            ApiError: There is no such model.
        """
        if not name and len(self._models) == 1:
            return next(iter(self._models))
        if name in self._models:
            return name
        known = ", ".join(self._models)
        if not name:
            raise ApiError(400, f"no model is named; there are {known}", param="model")
        raise ApiError(
            404, f"no model {name!r:.120}; there are {known}", param="model", code="model_not_found"
        )

    def _able(self, name: str, task: str) -> str:
        """Returns the id of a model that has a task.

        Raises:
            ApiError: There is no such model, or it has other tasks.
        """
        name = self._known(name)
        tasks = self._models[name].tasks
        if task not in tasks:
            raise ApiError(400, f"{name} has no {task}; it has {', '.join(tasks)}", param="model")
        return name

    async def _body(self, request: Request) -> object:
        """Returns the JSON of a request.

        Raises:
            ApiError: It is too long, too slow, or not JSON.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ApiError(415, "the body is not JSON: send Content-Type: application/json")
        try:
            async with asyncio.timeout(BODY_SECONDS):
                data = await self._read_body(request)
        except TimeoutError:
            raise ApiError(408, f"the body took longer than {BODY_SECONDS:g} s") from None
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            reason = getattr(error, "msg", "not UTF-8, or too many digits or levels")
            raise ApiError(400, f"the body is not JSON: {reason}") from None

    async def _read_body(self, request: Request) -> bytes:
        data, size, most = bytearray(), 0, self._limits.body
        async for chunk in request.stream():
            size += len(chunk)
            if size <= most:
                data += chunk
            elif size > DISCARDED * most:
                break
        if size > most:
            raise ApiError(
                413,
                f"the body has more than {most} bytes; send less at once",
                headers={"Connection": "close"},
            )
        return bytes(data)

    async def _completions(self, request: Request) -> Response:
        asked = read_completion_request(await self._body(request), self._limits)
        name = self._able(asked.model, "completions")
        job = Job(name, asked.texts)
        with contextlib.ExitStack() as stack:
            stack.callback(self._submit(request, job))
            started = await job.next_event()
            if isinstance(started, Failed):
                raise _api_error(started.error, "prompt")
            if not isinstance(started, Started):  # the client has left
                return Response(status_code=400)
            answer = CompletionAnswer(name)
            if asked.streams:
                return EventStream(_stream(job, asked, started, answer), stack.pop_all().close)
            return json_response(await _whole(job, asked, started, answer))

    async def _predict(self, request: Request) -> Response:
        asked = read_predict(await self._body(request), self._unknown, self._limits)
        name = self._able(asked.model, "predict")
        results = await self._call(request, Job(name, CallRequest(asked.parts)), "input")
        return json_response({"model": name, "predictions": results})

    async def _forecast(self, request: Request) -> Response:
        asked = read_forecast(await self._body(request), self._limits)
        name = self._able(asked.model, "forecast")
        (result,) = await self._call(request, Job(name, CallRequest(asked.parts)), "data") or [None]
        return json_response({"model": name, "forecast": result})

    async def _call(self, request: Request, job: Job, param: str) -> list[Any]:
        """Returns the results of a call; none if the client has left."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._submit(request, job))
            event = await job.next_event()
        if isinstance(event, Failed):
            raise _api_error(event.error, param)
        return event.value if isinstance(event, Answered) else []

    def _submit(self, request: Request, job: Job) -> Callable[[], None]:
        """Hands a job over, to be cancelled when the client leaves.

        Returns:
            What to call at the end of the request: nothing more is computed for it.
        """
        self._computing.submit(job)
        watch = asyncio.create_task(_cancel_when_gone(request, job))

        def end() -> None:
            watch.cancel()
            job.cancel()

        return end


@final
class _Counted(Response):
    """A response at whose end something is called.

    Args:
        response: The response.
        close: What is called.
    """

    def __init__(self, response: Response, close: Callable[[], None]) -> None:
        self._response = response
        self._close = close

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Sends the response."""
        try:
            await self._response(scope, receive, send)
        finally:
            self._close()


async def _cancel_when_gone(request: Request, job: Job) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    job.cancel()


async def _whole(
    job: Job, asked: CompletionRequest, started: Started, answer: CompletionAnswer
) -> dict[str, Any]:
    """Returns the answer with the whole texts.

    Raises:
        ApiError: The model's logits are not finite.
    """
    texts = list(started.prompts) if asked.echoes else [""] * len(started.prompts)
    reasons, tokens, open_texts = [""] * len(texts), 0, len(texts)
    async for event in job.events():
        if isinstance(event, Piece):
            texts[event.choice] += event.text
        elif isinstance(event, Ended):
            reasons[event.choice] = event.reason
            tokens += event.symbols
            open_texts -= 1
        elif isinstance(event, Failed):
            raise _api_error(event.error, "")
        if not open_texts:
            break
    return answer.whole(texts, reasons, started.symbols, tokens)


async def _stream(
    job: Job, asked: CompletionRequest, started: Started, answer: CompletionAnswer
) -> AsyncIterator[Any]:
    """Yields the events of a stream."""
    tokens, open_texts = 0, len(started.prompts)
    if asked.echoes:
        for index, prompt in enumerate(started.prompts):
            yield answer.piece(index, prompt)
    async for event in job.events():
        if isinstance(event, Piece):
            yield answer.piece(event.choice, event.text)
        elif isinstance(event, Ended):
            tokens += event.symbols
            open_texts -= 1
            yield answer.piece(event.choice, "", event.reason)
        elif isinstance(event, Failed):
            yield _api_error(event.error, "").to_json()
            return
        if not open_texts:
            break
    if asked.sends_usage and not open_texts:
        yield answer.usage(started.symbols, tokens)


def _api_error(error: Exception | SystemExit, param: str) -> ApiError:
    """Returns the error of a client for one of the computing thread."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, ZooError):
        return to_api_error(error, param)
    logger.error("a request failed: %s", type(error).__name__, exc_info=error)
    return ApiError(500, f"{type(error).__name__} in the server")


async def _http_error(request: Request, error: HTTPException) -> Response:
    """Answers an unknown path or a wrong method."""
    message = "no such path; there are /health, /v1/models, /v1/completions, /predict, /forecast"
    if error.status_code == 405:
        message = f"{request.method} is not for this path; use POST, or GET for lists"
    return error_response(ApiError(error.status_code, message, headers=dict(error.headers or {})))
