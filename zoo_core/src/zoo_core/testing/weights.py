"""Checks of models: how their weights are named, kept and drawn."""

from __future__ import annotations

import torch

from zoo_core.runtime.checkpoints.tensors import load_weights, to_bytes, weights_of
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.testing.check import Violation, check
from zoo_core.testing.model_case import ModelCase, answer, distance, learn


@check(
    "Name parameters and buffers by what they are, never by a counter or the time, let the config "
    "and the signature alone decide their shapes, and change none of them in evaluation.",
    needs=("shapes",),
)
def state_dict(case: ModelCase) -> Violation | None:
    """The same config gives the same names and shapes, and answering changes no weight."""
    first, again = (_shapes(case.build(seed)) for seed in (0, 1))
    if first != again:
        unlike = ", ".join(sorted(name for name, _ in first.items() ^ again.items()))
        expected = "two models of one config have the same names and shapes"
        return Violation(expected, f"not so for {unlike:.200}")
    model = case.build()
    before = {name: each.clone() for name, each in model.state_dict().items()}
    answer(model, case.batch())
    changed = [n for n, each in model.state_dict().items() if not torch.equal(each, before[n])]
    if changed:
        return Violation(
            "answering in evaluation changes nothing", f"it changes {', '.join(changed)}"
        )
    return None


@check(
    "Hold all that decides an answer in parameters or buffers: a tensor kept as a plain attribute "
    "is not saved.",
    needs=("state-dict",),
)
def save_load(case: ModelCase) -> Violation | None:
    """Weights come back from safetensors bit for bit, and with them the answers."""
    from safetensors.torch import load

    model, other = case.build(), case.build(seed=1)
    data = to_bytes(weights_of(model))
    load_weights(other, load(data), case.spec.name)
    if to_bytes(weights_of(other)) != data:
        return Violation("the loaded weights are the saved ones", "other bytes")
    apart = distance(answer(other, case.batch()), answer(model, case.batch()))
    if apart:
        return Violation("the loaded model answers as the saved one", f"{apart:.2g} apart")
    return None


@check(
    "Draw from torch's global generator and from nothing else (no generator of your own, no "
    "random, no numpy.random, no set or hash order), and drop nothing in evaluation.",
    needs=("state-dict",),
)
def seed(case: ModelCase) -> Violation | None:
    """A seed decides the weights and every answer in training; none is random in evaluation."""
    first, again, other = (to_bytes(case.build(seed).state_dict()) for seed in (0, 0, 1))
    if first != again:
        return Violation("one seed gives one set of weights", "two models of seed 0 differ")
    if first == other:
        return Violation("another seed gives other weights", "seeds 0 and 1 give the same")
    model, batch = case.build(), case.batch()
    if apart := distance(answer(model, batch), answer(model, batch)):
        return Violation("in evaluation a batch gets one answer", f"{apart:.2g} apart")
    losses = []
    for _ in range(2):
        model = case.build().train()
        losses.append(learn(model, batch))
    if losses[0] != losses[1]:
        return Violation("one seed gives one loss in training", f"{losses[0]!r} and {losses[1]!r}")
    return None


def _shapes(model: AbstractModel) -> dict[str, tuple[int, ...]]:
    return {name: tuple(each.shape) for name, each in model.state_dict().items()}


CHECKS = (state_dict, save_load, seed)
