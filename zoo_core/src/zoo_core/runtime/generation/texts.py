"""Several texts at once, each exactly the text that its prompt and its sampler give alone.

Products of matrices round differently with another number of rows. So a step for several rows
makes its products one row at a time, in one call, and is compared with steps of one row before the
first text. If a bit differs, every text is generated alone: a model's rows may depend on each
other, or its widths leave a remainder in torch's vectors. A kernel with a loop of its own has
products that do not depend on the number of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, final

import torch
from torch import Tensor
from torch.nn.functional import linear
from torch.overrides import TorchFunctionMode

from zoo_core.errors import IntegrityError
from zoo_core.runtime.generation.generate import check_generates, check_tokens, generate
from zoo_core.runtime.generation.int8 import at_precision
from zoo_core.runtime.generation.sampler import Sampler, draw_rows
from zoo_core.runtime.generation.text_kernel import AbstractTextKernel
from zoo_core.runtime.generation.text_rows import Step, last_logits, step_of
from zoo_core.runtime.hardware.device import precision_context
from zoo_core.runtime.nn.batch import Batch, leaves
from zoo_core.runtime.nn.model import AbstractModel, RecurrentModel
from zoo_core.runtime.nn.state import State, join_states, state_rows

CHECKED_STEPS = 2
"""Steps in which several rows are compared with one row."""
MIN_BATCHED_SIZE = 512
"""Numbers of a weight from which torch's batched product is its product of one row."""
CACHE_LINE = 16
"""Numbers of a cache line of 64 bytes, in single precision."""
MATRIX_PRODUCTS = (torch.matmul, Tensor.matmul, Tensor.__matmul__)


def generate_texts(
    model: AbstractModel,
    prompts: Sequence[Batch],
    samplers: Sequence[Sampler],
    lengths: Sequence[int],
    precision: str = "fp32",
) -> list[list[int]]:
    """Returns the ids that follow each prompt, with one step of the model for all where it can be.

    Each text is that of ``generate`` with its prompt and its sampler, bit for bit.

    Args:
        model: In evaluation mode. The number of torch's threads must stay what it is now.
        prompts: Batches of one, (1, T) with T of at least 1.
        samplers: Choose the symbols, a sampler for each text.
        lengths: The number of symbols of each text.
        precision: As in ``generate``.

    Raises:
        MisfitError: The model does not predict the next symbol, a prompt is too short or has
            something else than symbols, or the model has no weights in 8 bits.
        ConfigError: The precision is another one.
        IntegrityError: The logits are not finite.
    """
    check_generates(model)
    if not prompts:
        return []
    tokens = [prompt.inputs for prompt in prompts]
    for number, prompt in enumerate(tokens, 1):
        name = "the prompt" if len(tokens) == 1 else f"prompt {number} of {len(tokens)}"
        check_tokens(model, prompt, name=name)
    int8 = precision == "int8"
    model, precision = at_precision(model, precision)
    found = _by_kernel(model, tokens, samplers, lengths, precision, int8=int8)
    if found is None and precision == "fp32" and len(prompts) > 1:
        found = _together(model, tokens, samplers, lengths)
    if found is not None:
        return found
    texts = zip(prompts, samplers, lengths, strict=True)
    return [
        list(islice(generate(model, prompt, sampler, precision), length))
        for prompt, sampler, length in texts
    ]


def _by_kernel(
    model: AbstractModel,
    prompts: Sequence[Tensor],
    samplers: Sequence[Sampler],
    lengths: Sequence[int],
    precision: str,
    *,
    int8: bool,
) -> list[list[int]] | None:
    """Returns the texts of the kernel's own loop; None where it has none for this model."""
    if not isinstance(model, RecurrentModel) or not model.has_default_forward:
        return None
    kernel = model.recurrent.kernel
    if not model.carries_state or not isinstance(kernel, AbstractTextKernel):
        return None
    states = [model.recurrent.initial_state(1) for _ in prompts]
    rows = [prompt[0] for prompt in prompts]
    with precision_context(precision, rows[0].device.type):
        return kernel.generate_rows(model, states, rows, samplers, lengths, int8=int8)


@torch.no_grad()
def _together(
    model: AbstractModel,
    prompts: Sequence[Tensor],
    samplers: Sequence[Sampler],
    lengths: Sequence[int],
) -> list[list[int]] | None:
    """Returns texts with one step for all rows; None if a row of it is not that of one row alone.

    Rows of texts that ended are computed until half of them have.
    """
    if not model.carries_state and model.window is None:  # it reads the whole text
        return None
    step = step_of(model)
    if not _equals_one_row(model, step, len(prompts)):
        return None
    found: list[list[int]] = [[] for _ in prompts]
    rows = [row for row, length in enumerate(lengths) if length]
    tokens, states, logits = [], [], []
    for row in rows:
        prompt = prompts[row] if model.carries_state else prompts[row][:, -(model.window or 0) :]
        output = model(Batch(prompt))
        logits.append(last_logits(output.logits))
        states.append(output.state if model.carries_state else None)
        tokens.append(prompt)
    state = join_states([part for part in states if part is not None]) if rows else None
    return _continue(model, step, found, rows, samplers, lengths, tokens, state, logits)


def _continue(
    model: AbstractModel,
    step: Step,
    found: list[list[int]],
    rows: list[int],
    samplers: Sequence[Sampler],
    lengths: Sequence[int],
    tokens: list[Tensor],
    state: State | None,
    first: list[Tensor],
) -> list[list[int]]:
    """Returns the texts of ``generate_texts``, whose prompts are read.

    Args:
        model: The model.
        step: Computes one step of it.
        found: The symbols of each text so far; they are added to.
        rows: The numbers of the texts that have more symbols, in the order of the tensors below.
        samplers: The sampler of each text.
        lengths: The number of symbols of each text.
        tokens: The prompts that were read, each (1, T); (1, window) of a model without a state.
        state: The state after them, for all rows; None of a model without a state.
        first: The logits after them, each (1, V).
    """
    if not rows:
        return found
    inputs = torch.cat(tokens) if not model.carries_state else tokens[0]
    logits = torch.cat(first)
    narrow_at = len(rows) // 2  # open texts
    while True:
        symbols = _add_symbols(found, rows, samplers, lengths, logits)
        open_places = [place for place, row in enumerate(rows) if len(found[row]) < lengths[row]]
        if not open_places:
            return found
        latest = torch.tensor(symbols, device=inputs.device).unsqueeze(1)
        inputs = latest if model.carries_state else torch.cat([inputs[:, 1:], latest], dim=1)
        if len(open_places) <= narrow_at:
            narrow_at = len(open_places) // 2
            if _equals_one_row(model, step, len(open_places)):
                kept = torch.tensor(open_places, device=inputs.device)
                inputs, state = inputs[kept], state_rows(state, kept)
                rows = [rows[place] for place in open_places]
        with _RowByRow(len(rows)):
            logits, state = step(inputs, state)


def _add_symbols(
    found: list[list[int]],
    rows: list[int],
    samplers: Sequence[Sampler],
    lengths: Sequence[int],
    logits: Tensor,
) -> list[int]:
    """Draws the next symbol of each row and adds it to its text, unless that has ended.

    Args:
        found: The symbols of each text so far; they are added to.
        rows: The number of the text of each row.
        samplers: The sampler of each text.
        lengths: The number of symbols of each text.
        logits: (B, V).

    Returns:
        The symbols that the rows read next.

    Raises:
        IntegrityError: The logits of a text that has not ended are not finite.
    """
    symbols: list[int] = []
    drawn = draw_rows([samplers[row] for row in rows], logits)
    for row, symbol in zip(rows, drawn, strict=True):
        is_open = len(found[row]) < lengths[row]
        if isinstance(symbol, IntegrityError):
            if is_open:
                raise symbol
            symbols.append(0)  # any symbol: the text has ended
            continue
        if is_open:
            found[row].append(symbol)
        symbols.append(symbol)
    return symbols


@torch.no_grad()
def _equals_one_row(model: AbstractModel, step: Step, count: int) -> bool:
    """Whether each row of a step for several gets the bits that it gets alone."""
    draw = torch.Generator().manual_seed(0)
    device = next(model.parameters()).device
    alone: list[State | None] = [
        model.initial_state(1) if model.carries_state else None for _ in range(count)
    ]
    together = model.initial_state(count) if model.carries_state else None
    for _ in range(CHECKED_STEPS):
        shape = (count, model.window or 1)
        tokens = torch.randint(model.signature.input_size, shape, generator=draw).to(device)
        with _RowByRow(count):
            logits, together = step(tokens, together)
        for row in range(count):
            expected, alone[row] = step(tokens[row : row + 1], alone[row])
            chosen = slice(row, row + 1)
            actual = [logits[chosen], *leaves(state_rows(together, chosen))]
            pairs = zip(actual, [expected, *leaves(alone[row])], strict=True)
            if not all(torch.equal(one, other) for one, other in pairs):
                return False
    return True


@final
class _RowByRow(TorchFunctionMode):
    """Makes the products of several rows with a weight as those of each row alone.

    Args:
        rows: B, the number of rows, which come first in every input.
    """

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._rows = rows

    def __torch_function__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Calls a function of torch, or the batched product in its place."""
        if self._rows > 1 and not kwargs:
            if func is linear and self._is_batch(args[0]):
                inputs, weight, *bias = args
                return self._product(inputs, weight.t(), *bias)
            is_product = func in MATRIX_PRODUCTS and self._is_batch(args[0])
            if is_product and args[0].dim() == args[1].dim() == 2:
                return self._product(*args)
        return func(*args, **(kwargs or {}))

    def _is_batch(self, inputs: Tensor) -> bool:
        return inputs.dim() > 1 and len(inputs) == self._rows

    def _product(self, inputs: Tensor, columns: Tensor, bias: Tensor | None = None) -> Tensor:
        """Multiplies inputs (B, ..., K) with columns (K, N), one product for each row."""
        batch = inputs.reshape(len(inputs), -1, inputs.shape[-1])
        if columns.numel() < MIN_BATCHED_SIZE:
            rows = [linear(row, columns.t(), bias) for row in torch.split(batch, 1)]
            return torch.cat(rows).view(*inputs.shape[:-1], -1)
        columns = columns.expand(len(inputs), -1, -1)
        batch = _aligned(batch)
        if bias is None:
            outputs = torch.bmm(batch, columns)
        else:
            outputs = torch.baddbmm(bias.expand(len(inputs), 1, -1), batch, columns)
        return outputs.view(*inputs.shape[:-1], -1)


def _aligned(batch: Tensor) -> Tensor:
    """Returns the same batch (B, M, K) with every row at a cache line, as a row alone is.

    Products add up in another order from another address.
    """
    width = batch.shape[2]
    if width % CACHE_LINE == 0:
        return batch
    padded = batch.new_empty(*batch.shape[:2], -(-width // CACHE_LINE) * CACHE_LINE)
    return padded[..., :width].copy_(batch)
