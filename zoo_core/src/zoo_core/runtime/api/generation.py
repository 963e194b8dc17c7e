"""Texts: ``zoo_core.generate`` and ``stream``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import overload

from zoo_core.arguments import check_arguments
from zoo_core.data.vocabulary import REFUSE, Unknown
from zoo_core.errors import ConfigError
from zoo_core.runtime.api.arguments import WORDS, check_count
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.generation import generate as generation
from zoo_core.runtime.generation.sampler import DEFAULT_TEMPERATURE, Sampler
from zoo_core.runtime.generation.texts import generate_texts


@overload
def generate(
    checkpoint: Checkpoint,
    prompt: str | None = ...,
    *,
    length: int = ...,
    temperature: float = ...,
    top_k: int | None = ...,
    top_p: float | None = ...,
    seed: int = ...,
    unknown: Unknown = ...,
    precision: str = ...,
) -> str: ...


@overload
def generate(
    checkpoint: Checkpoint,
    prompt: list[str],
    *,
    length: int = ...,
    temperature: float = ...,
    top_k: int | None = ...,
    top_p: float | None = ...,
    seed: int | Sequence[int] = ...,
    unknown: Unknown = ...,
    precision: str = ...,
) -> list[str]: ...


@check_arguments(WORDS)
def generate(
    checkpoint: Checkpoint,
    prompt: str | list[str] | None = None,
    *,
    length: int = 200,
    temperature: float = DEFAULT_TEMPERATURE,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | Sequence[int] = 0,
    unknown: Unknown = REFUSE,
    precision: str = "fp32",
) -> str | list[str]:
    """Returns the text that follows a prompt, or those that follow each of several prompts.

    One step of the model computes all texts; each is what its prompt and its seed give alone.
    ``stream`` states the other arguments and errors.

    Args:
        checkpoint: A checkpoint of a model that predicts the next symbol.
        prompt: The text to begin with, or a list of them.
        length: The number of symbols of each text.
        temperature: As in ``stream``.
        top_k: As in ``stream``.
        top_p: As in ``stream``.
        seed: The seed of each text; of several prompts also a list of seeds, one for each.
        unknown: As in ``stream``.
        precision: As in ``stream``.
    """
    if prompt is None or isinstance(prompt, str):
        if not isinstance(seed, int):
            raise ConfigError("seed: one prompt has one seed")
        symbols = stream(
            checkpoint,
            prompt,
            length=length,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            seed=seed,
            unknown=unknown,
            precision=precision,
        )
        return "".join(symbols)
    check_count("length", length)
    seeds = [seed] * len(prompt) if isinstance(seed, int) else list(seed)
    if len(seeds) != len(prompt):
        raise ConfigError(f"seed: there are {len(seeds)} seeds for {len(prompt)} prompts")
    samplers = [Sampler(temperature, top_k, own, top_p) for own in seeds]
    generation.check_generates(checkpoint.model)
    vocabulary = checkpoint.signature.vocabulary
    assert vocabulary is not None, "what predicts symbols has a vocabulary"
    batches = [checkpoint.dataset.encode(text, unknown) for text in prompt]
    lengths = [length] * len(batches)
    found = generate_texts(checkpoint.model, batches, samplers, lengths, precision)
    return [vocabulary.decode(ids) for ids in found]


@check_arguments(WORDS)
def stream(
    checkpoint: Checkpoint,
    prompt: str | None = None,
    *,
    length: int = 200,
    temperature: float = DEFAULT_TEMPERATURE,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    unknown: Unknown = REFUSE,
    precision: str = "fp32",
) -> Iterator[str]:
    """Returns the text that follows a prompt in pieces, each as soon as it is drawn.

    Args:
        checkpoint: A checkpoint of a model that predicts the next symbol.
        prompt: The text to begin with, at least one symbol. None for a line end; if the vocabulary
            has none a blank, else its first character; as often as the model's window needs.
        length: The number of symbols to generate.
        temperature: The softmax temperature; 0 always takes the likeliest symbol.
        top_k: The number of likeliest symbols to sample from; None for all.
        top_p: The probability that the likeliest symbols to sample from have together; None for
            all symbols.
        seed: The seed of the samples.
        unknown: What to do with symbols that the vocabulary lacks.
        precision: ``fp32``, ``bf16`` for matrix products in bfloat16, or ``int8`` for weights
            that are rounded to 8-bit integers.

    Raises:
        MisfitError: The model does not predict the next symbol, or has no weights in 8 bits.
        DataError: The prompt has symbols that the vocabulary lacks.
        ConfigError: The length, the temperature, ``top_k``, ``top_p`` or the precision is not
            allowed.
    """
    check_count("length", length)
    model, vocabulary = checkpoint.model, checkpoint.signature.vocabulary
    generation.check_generates(model)
    assert vocabulary is not None, "what predicts symbols has a vocabulary"
    sampler = Sampler(temperature, top_k, seed, top_p)
    if prompt is None:
        batch = generation.default_prompt(model, vocabulary)
    else:
        batch = checkpoint.dataset.encode(prompt, unknown)
    ids = generation.generate(model, batch, sampler, precision)
    return vocabulary.stream(islice(ids, length))
