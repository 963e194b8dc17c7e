"""What the computing thread is asked for, and what it reports.

A job is made on the thread of the network and computed on another one. Only ``is_cancelled`` and
the events pass between the two.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, final

from zoo_core.runtime.checkpoints.checkpoint import Checkpoint

Prompt: TypeAlias = str | list[int] | None
"""A text, the ids of its symbols, or None for what a text without a prompt begins with."""


@final
class Started(NamedTuple):
    """The prompts were read, and the texts begin.

    Args:
        prompts: The prompts as texts, one for each choice.
        symbols: The symbols of all prompts, each counted once.
    """

    prompts: list[str]
    symbols: int


@final
class Piece(NamedTuple):
    """The next piece of a text."""

    choice: int
    text: str


@final
class Ended(NamedTuple):
    """The end of a text.

    Args:
        choice: The number of the text.
        reason: ``stop`` or ``length``.
        symbols: How many symbols were generated.
    """

    choice: int
    reason: str
    symbols: int


@final
class Answered(NamedTuple):
    """The result of a call."""

    value: Any


@final
class Failed(NamedTuple):
    """The error that ended a job."""

    error: Exception | SystemExit


@final
class Gone(NamedTuple):
    """The client has left."""


Event: TypeAlias = Started | Piece | Ended | Answered | Failed | Gone


@final
@dataclass(frozen=True)
class TextRequest:
    """What is asked of texts.

    Args:
        prompts: The prompts.
        n: How many texts follow each prompt.
        max_tokens: The most symbols of each.
        temperature: As for ``Sampler``.
        top_k: As for ``Sampler``.
        top_p: As for ``Sampler``.
        seed: The seed of the first text of each prompt; the next one has the next seed.
        stops: Texts to stop at.
    """

    prompts: tuple[Prompt, ...]
    n: int
    max_tokens: int
    temperature: float
    top_k: int | None
    top_p: float
    seed: int
    stops: tuple[str, ...]


@final
@dataclass(frozen=True)
class CallRequest:
    """Functions to call, between which other jobs have their turn.

    Args:
        parts: Functions of the checkpoint; their results are the answer.
    """

    parts: tuple[Callable[[Checkpoint], Any], ...]


@final
class Job:
    """A request, on its way through the computing thread.

    Args:
        model: The id of the model.
        request: What is asked.

    Attributes:
        results: Of calls, the results so far.
        is_cancelled: Whether nobody waits for the rest any more. It is set once and never reset.
    """

    def __init__(self, model: str, request: TextRequest | CallRequest) -> None:
        self.model = model
        self.request = request
        self.results: list[Any] = []
        self.is_cancelled = False
        self._events: asyncio.Queue[Event] = asyncio.Queue()

    def receive(self, event: Event) -> None:
        """Takes an event; called on the thread of the network."""
        self._events.put_nowait(event)

    def cancel(self) -> None:
        """Stops the computation before its next step, and ends ``events``."""
        self.is_cancelled = True
        self.receive(Gone())

    async def next_event(self) -> Event:
        """Waits for the next event."""
        return await self._events.get()

    async def events(self) -> AsyncIterator[Event]:
        """Yields the events up to ``Gone``; who iterates decides when the job has ended.

        Pieces of one text that came at the same time are one.
        """
        while True:
            events = [await self.next_event()]
            while not self._events.empty():
                events.append(self._events.get_nowait())
            for event in _joined(events):
                if isinstance(event, Gone):
                    return
                yield event


def _joined(events: list[Event]) -> Iterator[Event]:
    """Yields events, with the pieces of each text between two other events as one."""
    texts: dict[int, str] = {}
    for event in [*events, None]:
        if isinstance(event, Piece):
            texts[event.choice] = texts.get(event.choice, "") + event.text
            continue
        yield from (Piece(choice, text) for choice, text in texts.items())
        texts.clear()
        if event is not None:
            yield event
