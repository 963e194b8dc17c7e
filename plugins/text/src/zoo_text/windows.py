"""Windows of a sequence of tokens, in two samplings.

Sequential: the tokens are laid out in B rows, and each batch holds the next T steps of every row,
so that the state after one batch is the initial state of the next. Random: the windows come in
random order, each with a fresh state. In training, both start at an offset that is drawn for each
epoch, so that windows do not always start at the same positions.

Source: Zhang et al., Dive into Deep Learning, section "Language Models".
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from zoo_core.runtime.nn import Batch


def sequential_batches(
    tokens: Tensor,
    steps: int,
    size: int,
    start: int,
    unknown: Tensor | None = None,
    starts: Tensor | None = None,
    *,
    per_step: bool = True,
) -> Iterator[Batch]:
    """Yields batches whose rows continue those of the batch before.

    With a label per step the last batch may be shorter than T. With one per window a row is as long
    as its whole windows, so that every window of the text begins at a multiple of T; there is a
    shorter one only if there is no whole one.

    Args:
        tokens: (N,), of an integer type.
        steps: T.
        size: B.
        start: Number of batches to skip.
        unknown: UTF-8 bytes of each token that stands for an unknown word, (N,); None if none does.
        starts: Whether a file begins with a token, (N,), bool; None if files are not told apart.
        per_step: Whether every step has a label, or the window alone: the token after it.
    """
    length = (len(tokens) - 1) // size
    if not per_step and length > steps:
        length -= length % steps
    inputs = tokens[: size * length].view(size, length)
    targets = tokens[1 : size * length + 1].view(size, length)
    unknown = None if unknown is None else unknown[1 : size * length + 1].view(size, length)
    starts = None if starts is None else starts[: size * length].view(size, length)
    count = sequential_batch_count(len(tokens), steps, size, per_step=per_step)
    for number in range(start, count):
        first, end = number * steps, min((number + 1) * steps, length)
        window = slice(first, end)
        labelled = window if per_step else end - 1
        unknown_bytes = None if unknown is None else unknown[:, labelled]
        yield Batch(
            inputs[:, window].long(),
            targets[:, labelled].long(),
            carry=first > 0,
            unknown_bytes=unknown_bytes,
            resets=None if starts is None else starts[:, window],
        )


def sequential_batch_count(count: int, steps: int, size: int, *, per_step: bool = True) -> int:
    """Returns the number of batches that ``sequential_batches`` yields for ``count`` tokens."""
    length = (count - 1) // size
    return -(-length // steps) if per_step or length < steps else length // steps


def sliding_windows(tokens: Tensor, length: int, stride: int) -> Tensor:
    """Returns every window of tokens, (windows, length), as a view that copies nothing.

    Args:
        tokens: (N,).
        length: Tokens per window.
        stride: Tokens from the start of one window to the start of the next.
    """
    if len(tokens) < length:
        return tokens.new_empty(0, length)
    return tokens.unfold(0, length, stride)


def window_count(count: int, length: int, stride: int) -> int:
    """Returns the number of windows that ``sliding_windows`` returns for ``count`` tokens."""
    return max((count - length) // stride + 1, 0)
