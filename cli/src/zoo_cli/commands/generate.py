"""``zoo generate``."""

from __future__ import annotations

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.precision import precision_option
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.output import echo_text, json_option, print_json


@click.command()
@click.argument("reference", shell_complete=complete_reference)
@click.option("--prompt", default="\n", help="What the text begins with.  [default: a line end]")
@click.option("--length", type=click.IntRange(0), default=200, show_default=True, help="Symbols.")
@click.option("--temperature", type=float, default=0.8, show_default=True, help="0 is greedy.")
@click.option("--top-k", type=int, help="Draw only from so many of the likeliest.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option("--unknown", default="error", help="Unknown symbols: error, skip or replace=C.")
@precision_option
@registry_option
@json_option
def generate(
    reference: str,
    prompt: str,
    length: int,
    temperature: float,
    top_k: int | None,
    seed: int,
    unknown: str,
    precision: str,
    as_json: bool,
) -> None:
    """Print a prompt, then symbols as a model makes them."""
    from itertools import chain, islice

    from zoo_cli.terminal.checkpoint import load_checkpoint
    from zoo_cli.terminal.stream_text import stream
    from zoo_core.data.vocabulary import Unknown
    from zoo_core.runtime.generation import generate as generation
    from zoo_core.runtime.generation.sampler import Sampler

    sampler = Sampler(temperature, top_k, seed)
    checkpoint = load_checkpoint(reference)
    generation.check_generates(checkpoint.model)
    vocabulary = checkpoint.signature.vocabulary
    assert vocabulary is not None, "what predicts symbols has a vocabulary"
    batch = checkpoint.dataset.encode(prompt, Unknown.parse(unknown))
    start = vocabulary.decode(batch.inputs[0].tolist())
    ids = islice(generation.generate(checkpoint.model, batch, sampler, precision), length)
    if as_json:
        print_json({"prompt": start, "text": vocabulary.decode(ids)})
        return
    first = list(islice(ids, 1))  # what cannot go on prints nothing
    echo_text(start, nl=False)
    stream(vocabulary.symbols[each] for each in chain(first, ids))
