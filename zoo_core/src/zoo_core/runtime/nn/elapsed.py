"""Irregular times: the feature that holds them, and what a direction of a layer gets of them."""

from __future__ import annotations

import torch
from torch import Tensor

from zoo_core.data.signature import Features, Signature
from zoo_core.runtime.nn.state import valid_steps


def elapsed_feature(signature: Signature) -> int | None:
    """Returns the index of the feature that is the time since the step before, or None."""
    return signature.inputs.elapsed if isinstance(signature.inputs, Features) else None


def split_elapsed(features: Tensor, index: int) -> tuple[Tensor, Tensor]:
    """Returns features (B, T, F) without one of them, (B, T, F - 1), and that one, (B, T)."""
    others = torch.cat([features[..., :index], features[..., index + 1 :]], dim=-1)
    return others, features[..., index]


def elapsed_times(
    elapsed: Tensor, lengths: Tensor | None, resets: Tensor | None, directions: int
) -> list[Tensor]:
    """Returns the times of every direction, (B, T, 1) each; 0 for padding.

    The first is the time since the step before, the second the time to the step after, which is 1
    for the last step of a row or of a piece of it.

    Args:
        elapsed: The time since the step before, (B, T).
        lengths: The number of valid steps of each row, (B,); None if all are.
        resets: The steps at which a new piece of a row begins, (B, T); None if none does.
        directions: 1 or 2.
    """
    padding = None
    if lengths is not None:
        padding = ~valid_steps(lengths, elapsed.shape[1], elapsed.device)
        elapsed = elapsed.masked_fill(padding, 0)
    times = [elapsed]
    if directions > 1:
        ones = torch.ones_like(elapsed[:, :1])
        following = torch.cat([elapsed[:, 1:], ones], dim=1)
        if resets is not None:
            ends = torch.cat([resets[:, 1:], resets.new_zeros(len(resets), 1)], dim=1)
            following = following.masked_fill(ends, 1)
        if lengths is not None and padding is not None:
            last = (lengths.to(elapsed.device) - 1).long().unsqueeze(1)
            following = following.scatter(1, last, ones).masked_fill(padding, 0)
        times.append(following)
    return [time.unsqueeze(2) for time in times]
