"""A checkpoint that is served: its texts, of which all share a step, and its calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias, final

import torch
from torch import Tensor

from zoo_core.data.signature import Features, Values
from zoo_core.data.tokenizer import AbstractTokenizer
from zoo_core.data.vocabulary import Unknown
from zoo_core.errors import DataError, IntegrityError, MisfitError
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.generation.generate import check_generates, default_prompt
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.generation.text_rows import TextRow, TextRows
from zoo_serve.errors import ApiError
from zoo_serve.jobs import (
    Answered,
    CallRequest,
    Ended,
    Event,
    Failed,
    Job,
    Piece,
    Prompt,
    Started,
    TextRequest,
)
from zoo_serve.limits import MAX_TEXTS, Limits
from zoo_serve.stops import TextTail

Report: TypeAlias = tuple[Job, Event]
SEEDS = 1 << 63
"""Seeds of torch's generator that are used."""


@final
class Text:
    """One text of a job.

    Args:
        job: The job.
        request: What the job asks of its texts.
        choice: The number of the text in the job.
        prompt: The symbols that come first, (T,).
    """

    def __init__(
        self,
        job: Job,
        request: TextRequest,
        choice: int,
        prompt: Tensor,
        tokenizer: AbstractTokenizer,
    ) -> None:
        self.job = job
        self.request = request
        self.choice = choice
        self.prompt = prompt
        self.tail = TextTail(tokenizer, request.stops)
        self.symbols = 0

    def sampler(self) -> Sampler:
        """Returns the sampler of this text alone."""
        request = self.request
        seed = (request.seed + self.choice % request.n) % SEEDS
        return Sampler(request.temperature, request.top_k, seed, request.top_p)


@final
class Load(NamedTuple):
    """What a model has to do, and has done.

    Args:
        texts: Texts that are generated or wait for it.
        calls: Calls that wait.
        symbols: Symbols that were generated since the start.
    """

    texts: int
    calls: int
    symbols: int


@final
class ServedModel:
    """A checkpoint that is served. Every method runs on the computing thread.

    Args:
        checkpoint: The checkpoint.
        limits: What a request may ask for.
        unknown: What to do with symbols that the vocabulary lacks.
    """

    def __init__(self, checkpoint: Checkpoint, limits: Limits, unknown: Unknown) -> None:
        self.checkpoint = checkpoint
        self._limits = limits
        self._unknown = unknown
        self._rows: TextRows | None = None
        self._texts: dict[TextRow, Text] = {}
        self._waiting: deque[Text] = deque()
        self._calls: deque[Job] = deque()
        self._symbols = 0

    def prepare(self) -> None:
        """Builds the model; of one that generates text, compares the rows of a step.

        Raises:
            ZooError: The model cannot be built.
        """
        model = self.checkpoint.model
        _ = self.checkpoint.dataset
        try:
            check_generates(model)
        except MisfitError:
            return
        self._rows = TextRows(model)

    @property
    def tasks(self) -> list[str]:
        """What it can be asked for: ``completions``, ``predict``, ``forecast``."""
        tasks = ["completions"] if self._rows is not None else []
        tasks.append("predict")
        outputs = self.checkpoint.signature.outputs
        if isinstance(outputs, Values) and isinstance(self.checkpoint.signature.inputs, Features):
            tasks.append("forecast")
        return tasks

    @property
    def load(self) -> Load:
        """What there is to do, and what was done."""
        return Load(len(self._texts) + len(self._waiting), len(self._calls), self._symbols)

    def accept(self, job: Job) -> Iterator[Report]:
        """Takes a job; yields that it has started, or why it is refused."""
        if job.is_cancelled:
            return
        if isinstance(job.request, CallRequest):
            self._calls.append(job)
            return
        try:
            texts, started = self._read_prompts(job, job.request)
        except (Exception, SystemExit) as error:  # of this request alone
            yield job, Failed(error)
            return
        yield job, started
        if job.request.max_tokens:
            self._waiting.extend(texts)
        else:
            for text in texts:
                yield job, Ended(text.choice, "length", 0)

    def turn(self) -> Iterator[Report]:
        """Computes one step of all texts, and one part of one call; yields what came out."""
        self._drop_cancelled()
        if self._rows is not None:
            while self._waiting and len(self._texts) < MAX_TEXTS:
                first = self._waiting[0]  # it waits on if this fails, so that its job can be ended
                self._texts[self._rows.add(first.prompt, first.sampler())] = first
                self._waiting.popleft()
            for row, symbol in self._rows.step() if self._texts else ():
                text = self._texts.get(row)
                if text is None:  # another text of its job has failed in this step
                    continue
                if isinstance(symbol, IntegrityError):
                    self._forget(text.job)
                    yield text.job, Failed(symbol)
                else:
                    yield from self._add(row, text, symbol)
        if self._calls:
            yield from self._call(self._calls.popleft())

    def end_all(self) -> set[Job]:
        """Stops everything, and returns the jobs that it was for."""
        jobs: set[Job] = {text.job for text in [*self._texts.values(), *self._waiting]}
        jobs.update(self._calls)
        self._texts.clear()
        self._waiting.clear()
        self._calls.clear()
        if self._rows is not None:
            self._rows = TextRows(self.checkpoint.model)
        return jobs

    def _drop_cancelled(self) -> None:
        for job in {text.job for text in self._texts.values() if text.job.is_cancelled}:
            self._forget(job)
        self._waiting = deque(text for text in self._waiting if not text.job.is_cancelled)
        self._calls = deque(call for call in self._calls if not call.is_cancelled)

    def _forget(self, job: Job) -> None:
        """Stops the texts of a job."""
        assert self._rows is not None, "only a model that generates has texts"
        for row in [row for row, text in self._texts.items() if text.job is job]:
            self._rows.remove(row)
            del self._texts[row]
        self._waiting = deque(text for text in self._waiting if text.job is not job)

    def _add(self, row: TextRow, text: Text, symbol: int) -> Iterator[Report]:
        """Adds a symbol to a text; yields the piece that it completes, and the end."""
        vocabulary = self.checkpoint.signature.vocabulary
        assert vocabulary is not None, "a model that predicts symbols has a vocabulary"
        assert self._rows is not None, "only a model that generates has texts"
        text.symbols += 1
        self._symbols += 1
        piece = text.tail.add(vocabulary.symbols[symbol])
        is_last = text.tail.stopped or text.symbols == text.request.max_tokens
        if is_last:
            piece += text.tail.end()
        if piece:
            yield text.job, Piece(text.choice, piece)
        if is_last:
            self._rows.remove(row)
            del self._texts[row]
            reason = "stop" if text.tail.stopped else "length"
            yield text.job, Ended(text.choice, reason, text.symbols)

    def _call(self, job: Job) -> Iterator[Report]:
        """Computes the next part of a call."""
        assert isinstance(job.request, CallRequest), "only calls are called"
        parts = job.request.parts
        try:
            with torch.no_grad():
                job.results.append(parts[len(job.results)](self.checkpoint))
        except (Exception, SystemExit) as error:  # of this request alone
            yield job, Failed(error)
            return
        if len(job.results) == len(parts):
            yield job, Answered(job.results)
        else:
            self._calls.append(job)

    def _read_prompts(self, job: Job, request: TextRequest) -> tuple[list[Text], Started]:
        """Returns the texts of a job.

        Raises:
            ApiError: A prompt is too long, or has an id that the vocabulary lacks.
            ZooError: The model does not predict the next symbol, or a prompt cannot be encoded.
        """
        check_generates(self.checkpoint.model)
        vocabulary = self.checkpoint.signature.vocabulary
        assert vocabulary is not None, "a model that predicts symbols has a vocabulary"
        texts: list[Text] = []
        starts: list[str] = []
        total = 0
        for prompt in request.prompts:
            tokens = self._encode(prompt)
            total += len(tokens)
            for _ in range(request.n):
                texts.append(Text(job, request, len(texts), tokens, vocabulary.tokenizer))
                starts.append(vocabulary.decode(tokens.tolist()))
        return texts, Started(starts, total)

    def _encode(self, prompt: Prompt) -> Tensor:
        """Returns the symbols of a prompt, (T,)."""
        model, vocabulary = self.checkpoint.model, self.checkpoint.signature.vocabulary
        assert vocabulary is not None
        if prompt is None:
            return default_prompt(model, vocabulary).inputs[0]
        if isinstance(prompt, str):
            tokens = self.checkpoint.dataset.encode(prompt, self._unknown).inputs[0]
        else:
            wrong = [token for token in prompt if not 0 <= token < len(vocabulary)]
            if wrong:
                raise ApiError(
                    400,
                    f"prompt: no symbol {wrong[0]}; the vocabulary has {len(vocabulary)}",
                    param="prompt",
                )
            tokens = torch.tensor(prompt, dtype=torch.int64)
        least = model.window or 1
        if len(tokens) < least:
            raise DataError(f"the prompt has {len(tokens)} symbols, expected >= {least}")
        if len(tokens) > self._limits.prompt:
            raise ApiError(
                400,
                f"the prompt has {len(tokens)} symbols, this server takes {self._limits.prompt}; "
                "give a shorter prompt",
                param="prompt",
                code="context_length_exceeded",
            )
        return tokens
