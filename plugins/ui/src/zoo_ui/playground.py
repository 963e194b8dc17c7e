"""The tab that generates text from one checkpoint, or from two side by side."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple, final

import gradio as gr

from zoo_core.errors import ZooError
from zoo_core.escaping import shell_command
from zoo_ui.components import MIN_WIDTH, command_box, reference_box
from zoo_ui.markup import problem, text_block
from zoo_ui.page_context import PageContext

UPDATE_INTERVAL = 0.05
"""Seconds between two updates of the page while text is generated."""
LABELS = "Text", "Text of the second checkpoint"
MAX_LENGTH = 5000
MAX_TEMPERATURE = 3.0
MAX_TOP_K = 1000
MAX_SEED = 2**32 - 1


@final
class Request(NamedTuple):
    """What to generate; the fields are the options of ``zoo generate``.

    Args:
        prompt: The beginning of the text; empty for the model's own.
        temperature: The softmax temperature.
        top_k: The number of likeliest symbols to sample from; 0 for all.
        top_p: The probability that the symbols to sample from have together; 1 for all.
        length: The number of symbols.
        seed: The seed of the samples.
    """

    prompt: str
    temperature: float
    top_k: int
    top_p: float
    length: int
    seed: int

    def command(self, reference: str) -> str:
        """Returns the command that generates the same text."""
        prompt = ["--prompt", self.prompt] if self.prompt else []
        top_k = ["--top-k", str(self.top_k)] if self.top_k else []
        top_p = ["--top-p", f"{self.top_p:g}"] if self.top_p != 1 else []
        length = ["--length", str(self.length), "--temperature", f"{self.temperature:g}"]
        words = [*prompt, *length, *top_k, *top_p, "--seed", str(self.seed)]
        return shell_command("zoo", "generate", reference, *words)


def playground_tab(context: PageContext, tab: gr.Tab) -> None:
    """Builds the tab."""
    with gr.Row():
        first = reference_box(context, tab, "Checkpoint")
        second = reference_box(context, tab, "Second checkpoint", info="To compare with, or empty.")
    prompt = gr.Textbox(
        label="Prompt",
        info="Beginning of the text; empty for the model's own, mostly a line end.",
        lines=2,
    )
    with gr.Row():
        temperature = gr.Slider(
            0,
            MAX_TEMPERATURE,
            value=0.8,
            step=0.05,
            label="Temperature",
            min_width=MIN_WIDTH,
            info="0 always takes the likeliest symbol.",
        )
        top_k = gr.Slider(
            0,
            MAX_TOP_K,
            value=0,
            step=1,
            label="Top-k",
            info="Likeliest symbols; 0 for all.",
            min_width=MIN_WIDTH,
        )
        top_p = gr.Slider(
            0,
            1,
            value=1,
            step=0.01,
            label="Top-p",
            min_width=MIN_WIDTH,
            info="The likeliest symbols that have this probability together; 1 for all.",
        )
    with gr.Row():
        length = gr.Slider(
            1,
            MAX_LENGTH,
            value=200,
            step=1,
            label="Length",
            info="In symbols.",
            min_width=MIN_WIDTH,
        )
        seed = gr.Number(
            value=0,
            precision=0,
            minimum=0,
            maximum=MAX_SEED,
            label="Seed",
            min_width=MIN_WIDTH,
            info="The same seed gives the same text.",
        )
    with gr.Row():
        start = gr.Button("Generate", variant="primary")
        stop = gr.Button("Stop generating")
    failure = gr.HTML()
    with gr.Row():
        texts = [gr.HTML(elem_classes="zoo-half") for _ in LABELS]
    inputs = [first, second, prompt, temperature, top_k, top_p, length, seed]

    def generate(
        first: str | None, second: str | None, *options: object
    ) -> Iterator[tuple[str, str, str]]:
        references, request = _chosen(first, second), _request(*options)
        shown = ("", "")
        try:
            if not references:
                raise ZooError("choose a checkpoint")
            streams = [_stream(context, reference, request) for reference in references]
            for first_text, second_text in _side_by_side(streams):
                shown = text_block(LABELS[0], first_text), text_block(LABELS[1], second_text)
                yield *shown, ""
        except ZooError as error:
            yield *shown, problem(str(error))

    def commands(first: str | None, second: str | None, *options: object) -> list[str]:
        request = _request(*options)
        return [request.command(reference) for reference in _chosen(first, second)]

    running = start.click(generate, inputs, [*texts, failure], show_progress="minimal")
    stop.click(None, cancels=[running])
    command_box(inputs, commands)


def _chosen(*references: str | None) -> list[str]:
    return [reference for reference in references if reference]


def _request(*values: object) -> Request:
    prompt, temperature, top_k, top_p, length, seed = values
    return Request(
        str(prompt or ""),
        float(str(temperature or 0)),
        int(float(str(top_k or 0))),
        float(str(top_p or 0)),
        int(float(str(length or 1))),
        int(float(str(seed or 0))),
    )


def _stream(context: PageContext, reference: str, request: Request) -> Iterator[str]:
    """Yields the pieces that ``zoo generate`` prints: the prompt, then the text.

    Raises:
        ZooError: There is no such checkpoint, or it cannot continue the prompt.
    """
    from zoo_core.data.vocabulary import REFUSE
    from zoo_core.runtime.generation.generate import check_generates, default_prompt, generate
    from zoo_core.runtime.generation.sampler import Sampler

    checkpoint = context.checkpoints.get(reference)
    check_generates(checkpoint.model)
    vocabulary = checkpoint.signature.vocabulary
    assert vocabulary is not None, "a model that predicts symbols has a vocabulary"
    if request.prompt:
        batch = checkpoint.dataset.encode(request.prompt, REFUSE)
    else:
        batch = default_prompt(checkpoint.model, vocabulary)
    sampler = Sampler(request.temperature, request.top_k or None, request.seed, request.top_p)
    ids = islice(generate(checkpoint.model, batch, sampler), request.length)
    yield vocabulary.decode(batch.inputs[0].tolist())
    yield from vocabulary.stream(ids)


def _side_by_side(streams: Sequence[Iterator[str]]) -> Iterator[list[str]]:
    """Yields the texts of two streams so far, by turns and a few times a second."""
    texts, running = ["", ""], dict(enumerate(streams))
    updated_at = time.monotonic()
    while running:
        for number, stream in list(running.items()):
            piece = next(stream, None)
            if piece is None:
                del running[number]
            else:
                texts[number] += piece
        if time.monotonic() - updated_at >= UPDATE_INTERVAL:
            yield list(texts)
            updated_at = time.monotonic()
    yield list(texts)
