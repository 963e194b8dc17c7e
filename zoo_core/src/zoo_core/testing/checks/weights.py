"""Checks of models: how weights are named, saved and initialized."""

from __future__ import annotations

import torch

from zoo_core.runtime.checkpoints.tensors import to_bytes
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.weights import load_weights, weights_of
from zoo_core.testing.cases.model_case import (
    ModelCase,
    check_tolerance,
    compute_gradients,
    compute_logits,
    max_difference,
)
from zoo_core.testing.check import Violation, check


@check(
    "Name parameters and buffers by what they are, never by a counter or the time, let the config "
    "and the signature alone decide their shapes, and change none of them in evaluation mode.",
    needs=("shapes",),
)
def state_dict(case: ModelCase) -> Violation | None:
    """One config gives one set of weight names and shapes, and evaluation changes no weight."""
    first, again = (_shapes(case.build(seed)) for seed in (0, 1))
    if first != again:
        differing = ", ".join(sorted(name for name, _ in first.items() ^ again.items()))
        expected = "the same names and shapes in two models of one config"
        return Violation(expected, f"differences in {differing:.200}")
    model = case.build()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    compute_logits(model, case.batch())
    after = model.state_dict()
    changed = [name for name, tensor in after.items() if not torch.equal(tensor, before[name])]
    if not changed:
        return None
    return Violation("evaluation changes no weight", f"it changes {', '.join(changed)}")


@check(
    "Hold everything that decides the logits in parameters or buffers: a tensor in a plain "
    "attribute is not saved.",
    needs=("state-dict",),
)
def save_load(case: ModelCase) -> Violation | None:
    """Saving to safetensors and loading restores the weights and the logits bit for bit."""
    from safetensors.torch import load

    model, other = case.build(), case.build(seed=1)
    data = to_bytes(weights_of(model))
    load_weights(other, load(data), case.spec.name)
    if to_bytes(weights_of(other)) != data:
        return Violation("the saved weights after loading", "other bytes")
    logits, expected = (compute_logits(network, case.batch()) for network in (other, model))
    return check_tolerance(
        max_difference(logits, expected), 0.0, "the same logits from the loaded model"
    )


@check(
    "Draw random numbers from torch's global generator only (no generator of your own, no random, "
    "no numpy.random, no order of sets or hashes), and drop nothing in evaluation mode.",
    needs=("state-dict",),
)
def seed(case: ModelCase) -> Violation | None:
    """The seed decides the weights and the loss in training; evaluation is not random."""
    first, again, other = (to_bytes(case.build(seed).state_dict()) for seed in (0, 0, 1))
    if first != again:
        return Violation("the same weights from the same seed", "two models of seed 0 differ")
    if first == other:
        return Violation("other weights from another seed", "seeds 0 and 1 give the same")
    model, batch = case.build(), case.batch()
    difference = max_difference(compute_logits(model, batch), compute_logits(model, batch))
    expected = "the same logits for a batch twice in evaluation mode"
    if violation := check_tolerance(difference, 0.0, expected):
        return violation
    losses = []
    for _ in range(2):
        model = case.build().train()
        losses.append(compute_gradients(model, batch))
    if losses[0] != losses[1]:
        return Violation("the same loss from the same seed in training", f"{losses}")
    return None


def _shapes(model: AbstractModel) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


CHECKS = (state_dict, save_load, seed)
