"""Generating text symbol by symbol, and music step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
from torch import Tensor

from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import MisfitError
from zoo_core.runtime.generation.cell_loop import generate_by_cell
from zoo_core.runtime.generation.int8 import at_precision
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.generation.text_kernel import AbstractTextKernel
from zoo_core.runtime.hardware.device import precision_context
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.layer_inputs import INDEX_DTYPES
from zoo_core.runtime.nn.model import AbstractModel, RecurrentModel
from zoo_core.runtime.nn.torch_modes import autocasts

Drawn = TypeVar("Drawn")
START_SYMBOLS = ("\n", " ")
"""Symbols that a text without a prompt begins after; the first that the vocabulary has."""


def generate(
    model: AbstractModel, prompt: Batch, sampler: Sampler, precision: str = "fp32"
) -> Iterator[int]:
    """Generates the ids that follow a prompt, without end.

    A model with the default forward is generated from by its kernel's own loop, or by the cell's
    steps alone. Any other model that carries its state is fed one symbol at a time. A model
    without state is fed the last ``window`` symbols each time.

    Args:
        model: In evaluation mode.
        prompt: A batch of one, (1, T) with T of at least 1.
        sampler: Chooses each symbol.
        precision: ``fp32``, ``bf16`` for products in bfloat16, or ``int8`` for weights that are
            rounded to 8-bit integers.

    Raises:
        MisfitError: The model does not predict the next symbol, the prompt is too short or has
            something else than symbols, or the model has no weights in 8 bits.
        ConfigError: The precision is another one.
    """
    check_generates(model)
    tokens = prompt.inputs
    check_tokens(model, tokens)
    int8 = precision == "int8"
    model, precision = at_precision(model, precision)
    yield from _default_forward_symbols(model, tokens[0], sampler, precision, int8=int8)
    yield from _feed_back(
        model, tokens, sampler.draw, lambda symbol: tokens.new_tensor([[symbol]]), precision
    )


def generate_keys(
    model: AbstractModel, prompt: Batch, sampler: Sampler, precision: str = "fp32"
) -> Iterator[list[int]]:
    """Generates the keys of the steps that follow a prompt, without end.

    Every key of a step is drawn by itself, with its probability given the steps before, and the
    step is the next input (ancestral sampling).

    Args:
        model: In evaluation mode.
        prompt: A batch of one, (1, T, N) with T of at least 1.
        sampler: Chooses the keys.
        precision: As in ``generate``.

    Yields:
        The keys of a step, from 0 to N - 1, in order.

    Raises:
        MisfitError: The model does not predict the next keys, the prompt is too short, or the
            model has no weights in 8 bits.
        ConfigError: The precision is another one.
    """
    if not model.signature.predicts_next_keys or not model.causal:
        raise MisfitError("this model does not predict the keys of the next step; try: zoo predict")
    roll = prompt.inputs
    check_prompt(model, roll.shape[1], "steps")
    model, precision = at_precision(model, precision)

    def as_inputs(keys: list[int]) -> Tensor:
        step = roll.new_zeros(1, 1, roll.shape[2])
        step[0, 0, keys] = 1
        return step

    yield from _feed_back(model, roll, sampler.draw_keys, as_inputs, precision)


def check_tokens(model: AbstractModel, prompt: Tensor, *, name: str = "the prompt") -> None:
    """Checks that a prompt is a row of symbols that a model knows, as many as it needs.

    Raises:
        MisfitError: It is not.
    """
    symbols = model.signature.input_size
    if prompt.dim() != 2 or prompt.shape[0] != 1 or prompt.dtype not in INDEX_DTYPES:
        given = f"{tuple(prompt.shape)} of {prompt.dtype}"
        raise MisfitError(f"{name} is {given}, expected (1, T) of torch.int64")
    check_prompt(model, prompt.shape[1], name=name)
    least, most = (int(number) for number in prompt.aminmax())
    if not 0 <= least <= most < symbols:
        wrong = least if least < 0 else most
        raise MisfitError(f"{name} has the symbol {wrong}, expected 0 to {symbols - 1}")


def check_prompt(
    model: AbstractModel, length: int, noun: str = "symbols", *, name: str = "the prompt"
) -> None:
    """Raises MisfitError if a prompt is shorter than the window of a model."""
    if length < (model.window or 1):
        raise MisfitError(
            f"{name} has {length} {noun}, expected >= {model.window or 1}; give a longer prompt"
        )


def _feed_back(
    model: AbstractModel,
    inputs: Tensor,
    draw: Callable[[Tensor], Drawn],
    as_inputs: Callable[[Drawn], Tensor],
    precision: str,
) -> Iterator[Drawn]:
    """Yields what is drawn from the logits of each step, which is the input of the step after it.

    Args:
        model: In evaluation mode.
        inputs: The inputs that come first, (1, T, ...).
        draw: Draws from logits (W,).
        as_inputs: Returns what was drawn as inputs (1, 1, ...).
        precision: ``fp32`` or ``bf16``.
    """
    state, device = None, inputs.device.type
    if model.window and not model.carries_state:
        inputs = inputs[:, -model.window :]
    while True:
        # not over the yield: both would stay on in the caller
        with torch.no_grad(), precision_context(precision, device):
            output = model(Batch(inputs), state)
        following = draw(output.logits.flatten(0, -2)[-1])
        yield following
        latest = as_inputs(following)
        if model.carries_state:
            inputs, state = latest, output.state
        else:
            inputs = torch.cat([inputs, latest], dim=1)[:, -(model.window or 0) :]


def _default_forward_symbols(
    model: AbstractModel, prompt: Tensor, sampler: Sampler, precision: str, *, int8: bool
) -> Iterator[int]:
    """The symbols of a loop that bypasses forward, without end; none where forward is needed."""
    if not isinstance(model, RecurrentModel) or not model.has_default_forward:
        return
    if not model.carries_state:
        return
    symbols, state, device = None, model.recurrent.initial_state(1), prompt.device.type
    # Asked outside autocast: a kernel may generate text in a precision that it cannot train in.
    kernel = model.recurrent.kernel
    with precision_context(precision, device):
        if isinstance(kernel, AbstractTextKernel):
            symbols = kernel.generate(model, state, prompt, sampler, int8=int8)
        # Under autocast, the model alone decides what is rounded between two layers.
        if symbols is None and not autocasts(device):
            symbols = generate_by_cell(model, state, prompt, sampler)
    yield from symbols or ()


def check_generates(model: AbstractModel) -> None:
    """Checks that a model can generate text.

    Raises:
        MisfitError: The model does not predict the next symbol.
    """
    if not model.signature.predicts_next_symbol or not model.causal:
        raise MisfitError("this model does not predict the next symbol; try: zoo predict")


def default_prompt(model: AbstractModel, vocabulary: Vocabulary) -> Batch:
    """Returns what a text without a prompt begins with.

    A line end if the vocabulary has one, otherwise a blank, otherwise the vocabulary's first
    character, or its first symbol if it has no symbol of one character; as often as the model's
    window needs.

    Returns:
        A batch of one, (1, T) with T the model's window, or 1 if it has none.
    """
    symbols = vocabulary.symbols
    split = [vocabulary.tokenizer.split(text) for text in START_SYMBOLS]
    candidates = [parts[0] for parts in split if len(parts) == 1 and parts[0] in vocabulary.ids]
    # such as <unk>, which stands before the characters and is none
    characters = [symbol for symbol in symbols if len(symbol) == 1]
    first = [*candidates, *characters, *symbols][0]
    return Batch(torch.full((1, model.window or 1), vocabulary.ids[first]))
