"""Generating text, symbol by symbol."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from zoo_core.errors import MisfitError
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.hardware.device import precision_context
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import AbstractModel, AbstractRecurrentModel


def generate(
    model: AbstractModel, prompt: Batch, sampler: Sampler, precision: str = "fp32"
) -> Iterator[int]:
    """The ids that follow a prompt, without end.

    A model that carries its state is fed one symbol at a time; where its kernel has a loop of its
    own, that does it all. Another is fed the last ``window`` symbols anew each time.

    Args:
        model: In evaluation mode.
        prompt: A batch of one, (1, T) with T of at least 1.
        sampler: Chooses each symbol.
        precision: ``fp32``, or ``bf16`` for products in bfloat16.

    Raises:
        MisfitError: The model does not predict the next symbol, or the prompt is too short.
        ConfigError: The precision is neither fp32 nor bf16.
    """
    check_generates(model)
    tokens = prompt.inputs
    if tokens.shape[1] < (model.window or 1):
        raise MisfitError(
            f"the prompt has {tokens.shape[1]} symbols, expected >= {model.window or 1}; "
            "give a longer prompt"
        )
    yield from _by_kernel(model, tokens[0], sampler, precision)
    state, device = None, tokens.device.type
    if model.window and not model.carries_state:
        tokens = tokens[:, -model.window :]
    while True:
        # not over a yield, which would leave both on for whoever takes the symbol
        with torch.no_grad(), precision_context(precision, device):
            output = model(Batch(tokens), state)
        following = sampler.draw(output.logits.flatten(0, -2)[-1])
        yield following
        latest = tokens.new_tensor([[following]])
        if model.carries_state:
            tokens, state = latest, output.state
        else:
            tokens = torch.cat([tokens, latest], dim=1)[:, -(model.window or 0) :]


def _by_kernel(
    model: AbstractModel, prompt: Tensor, sampler: Sampler, precision: str
) -> Iterator[int]:
    """By a loop of the kernel's own, without end; nothing at all where there is none."""
    if isinstance(model, AbstractRecurrentModel) and model.plain and model.carries_state:
        kernel = model.recurrent.kernel  # though it may refuse to train in this precision
        with precision_context(precision, prompt.device.type):
            symbols = kernel.generate(model, model.recurrent.initial_state(1), prompt, sampler)
        yield from symbols or ()


def check_generates(model: AbstractModel) -> None:
    """Says so if text cannot be generated.

    Raises:
        MisfitError: The model does not predict the next symbol.
    """
    if not model.signature.next_symbol or not model.causal:
        raise MisfitError("this model does not predict the next symbol; try: zoo predict")
