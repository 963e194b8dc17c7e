"""The likeliest sequences that a model can answer with, found by beam search."""

from __future__ import annotations

import math
from typing import NamedTuple, TypeVar, final

import torch
from torch import Tensor

from zoo_core.errors import ConfigError, IntegrityError, MisfitError
from zoo_core.runtime.generation.sampler import NOT_FINITE
from zoo_core.runtime.nn.batch import Batch, Output, leaves
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.state import state_rows
from zoo_core.storage.capacity import ensure_free_memory

Number = TypeVar("Number", int, float)
STATE_COPIES = 2
"""The copies of the states of all hypotheses in memory: those of a step and of the one before."""
LOGIT_COPIES = 3
"""The tensors of the size of all logits in memory, in double precision."""


@final
class Hypothesis(NamedTuple):
    """A sequence that a model may answer with.

    Args:
        ids: Its symbols, without the one that ends it.
        log_probability: The logarithm of the probability of all its symbols, in nats; that of the
            end is part of it.
        score: What hypotheses are ranked by: the logarithm of the probability divided by the
            number of symbols, the end included, to the power of the length penalty.
        ended: Whether the symbol that ends it followed; a longer one was cut.
    """

    ids: tuple[int, ...]
    log_probability: float
    score: float
    ended: bool


@torch.no_grad()
def beam_search(
    model: AbstractModel,
    batch: Batch,
    *,
    beam: int,
    end: int,
    max_length: int,
    length_penalty: float = 0.0,
) -> list[list[Hypothesis]]:
    """Returns the best sequences that may follow the inputs of each row, the best first.

    At each step every hypothesis is continued by every symbol, and the likeliest of all that
    result are kept, as many as are still open. One that ends leaves the beam, so a beam of 1 is
    greedy decoding: the likeliest symbol at every step. A beam of V^T finds the best of all
    sequences of V symbols and T steps.

    The model reads the inputs once, and after that one symbol of every hypothesis at each step,
    from the state that it returned.

    Sources: Graves (2012), Sequence Transduction with Recurrent Neural Networks; Sutskever et al.
    (2014), Sequence to Sequence Learning with Neural Networks; for the division by a power of the
    length, Zhang et al., Dive into Deep Learning, Beam Search.

    Args:
        model: A model that carries its state, in evaluation mode.
        batch: Inputs (B, T), such as the first symbol of every target, and further inputs.
        beam: The number of hypotheses that are kept open.
        end: The id of the symbol that ends a sequence.
        max_length: The most symbols of a sequence, its end included; a longer one is cut.
        length_penalty: α: 0 ranks by probability, which favours short sequences; 1 by the mean of
            the logarithms.

    Returns:
        For each row at least one hypothesis and at most ``beam``.

    Raises:
        ConfigError: The beam or the length is below 1.
        DeviceError: The states of that many hypotheses are larger than the free memory.
        IntegrityError: The weights give logits that are not finite.
        MisfitError: The model carries no state.
    """
    for name, number in {"beam": beam, "answer_length": max_length}.items():
        if number < 1:
            raise ConfigError(f"{name} = {number}: expected an integer >= 1")
    if not model.carries_state:
        raise MisfitError("the model carries no state, which beam search continues from")
    output = model(batch)
    found: list[list[Hypothesis]] = [[] for _ in batch.inputs]
    open_rows = list(range(len(found)))
    kept = [_Open([()], [0.0], [0], [0]) for _ in open_rows]
    sums = output.logits.new_zeros(len(found), 1, dtype=torch.float64)
    for length in range(1, max_length + 1):
        divisor = length**length_penalty
        steps = _log_probabilities(output.logits[:, -1]).view(*sums.shape, -1)
        continued = [
            _continue(following, before, found[row], beam - len(found[row]), end, divisor)
            for following, before, row in zip(
                sums.unsqueeze(2) + steps, kept, open_rows, strict=True
            )
        ]
        if length == max_length:
            for part, row in zip(continued, open_rows, strict=True):
                found[row] += part.cut(divisor)
            break
        most = max_length**length_penalty
        still = [
            n for n, part in enumerate(continued) if part.may_improve(found[open_rows[n]], most)
        ]
        if not still:
            break
        kept, open_rows = [continued[n] for n in still], [open_rows[n] for n in still]
        width = max(len(part.texts) for part in kept)
        places = [
            n * sums.shape[1] + place
            for n, part in zip(still, kept, strict=True)
            for place in _filled(part.parents, width, part.parents[0])
        ]
        latest = [_filled(part.symbols, width, part.symbols[0]) for part in kept]
        sums = sums.new_tensor([_filled(part.sums, width, -math.inf) for part in kept])
        assert output.state is not None, "checked above"
        _check_memory(output, len(places))
        state = state_rows(output.state, torch.tensor(places, device=batch.inputs.device))
        output = model(Batch(batch.inputs.new_tensor(latest).view(-1, 1)), state)
    return [sorted(row, key=lambda one: -one.score) for row in found]


@final
class _Open(NamedTuple):
    """The open hypotheses of a row.

    Args:
        texts: Their symbols.
        sums: The logarithms of their probabilities.
        parents: The places of the hypotheses that they continue.
        symbols: Their last symbols.
    """

    texts: list[tuple[int, ...]]
    sums: list[float]
    parents: list[int]
    symbols: list[int]

    def cut(self, divisor: float) -> list[Hypothesis]:
        """Returns the hypotheses as they are, without an end."""
        pairs = zip(self.texts, self.sums, strict=True)
        return [Hypothesis(text, total, total / divisor, ended=False) for text, total in pairs]

    def may_improve(self, ended: list[Hypothesis], largest_divisor: float) -> bool:
        """Whether one may still become better than the best of those that ended.

        A probability can only fall, and what its logarithm is divided by can only grow.
        """
        if not self.sums or not ended:
            return bool(self.sums)
        return max(self.sums) / largest_divisor > max(one.score for one in ended)


def _continue(
    following: Tensor,
    before: _Open,
    found: list[Hypothesis],
    count: int,
    end: int,
    divisor: float,
) -> _Open:
    """Continues the open hypotheses of a row by one symbol; those that end are added to ``found``.

    Args:
        following: The logarithm of the probability of each of them with each symbol behind it,
            (hypotheses, V); places that only fill the tensor up have -inf.
        before: The open hypotheses.
        found: The hypotheses of the row that ended, which are added to.
        count: How many to keep, those that end included.
        end: The id of the symbol that ends a sequence.
        divisor: What the logarithms are divided by.
    """
    after = _Open([], [], [], [])
    for total, place in _largest(following.flatten(), count):
        if total == -math.inf:
            break
        parent, symbol = divmod(place, following.shape[1])
        if symbol == end:
            found.append(Hypothesis(before.texts[parent], total, total / divisor, ended=True))
            continue
        after.texts.append((*before.texts[parent], symbol))
        after.sums.append(total)
        after.parents.append(parent)
        after.symbols.append(symbol)
    return after


def _check_memory(output: Output, count: int) -> None:
    """Checks that the states of hypotheses fit into memory, if there are more than before.

    A device of its own reports what it cannot hold by itself.

    Args:
        output: What the model returned for the hypotheses before.
        count: The number of hypotheses.

    Raises:
        DeviceError: They do not fit.
    """
    rows, _, width = output.logits.shape
    if count <= rows or output.logits.device.type != "cpu":
        return
    size = sum(tensor.nbytes for tensor in leaves(output.state)) // rows
    step = STATE_COPIES * size + LOGIT_COPIES * 8 * width
    ensure_free_memory(count * step, f"a step of {count:,} hypotheses", "choose a smaller beam")


def _largest(values: Tensor, count: int) -> list[tuple[float, int]]:
    """Returns the largest values with their places, the largest first; of equal ones the first.

    ``topk`` alone leaves open which of equal values it takes.
    """
    least = values.topk(min(count, len(values))).values[-1]
    places = (values >= least).nonzero().flatten()
    chosen = values[places].sort(descending=True, stable=True)
    kept = chosen.indices[:count]
    return list(zip(chosen.values[:count].tolist(), places[kept].tolist(), strict=True))


def _log_probabilities(logits: Tensor) -> Tensor:
    """Returns the logarithms of probabilities (N, V) in double precision.

    Raises:
        IntegrityError: A logit is infinite or not a number.
    """
    if not bool(logits.isfinite().all()):
        raise IntegrityError(NOT_FINITE)
    return logits.double().log_softmax(-1)


def _filled(values: list[Number], length: int, filling: Number) -> list[Number]:
    return values + [filling] * (length - len(values))
