"""The state of a recurrence: one named tuple for each layer and direction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias, final

import torch
from torch import Tensor

from zoo_core.errors import MisfitError


@final
class HiddenState(NamedTuple):
    """The state of an RNN or a GRU.

    Args:
        hidden: (B, H).
    """

    hidden: Tensor


@final
class LstmState(NamedTuple):
    """The state of an LSTM.

    Args:
        hidden: (B, P); P is H unless the cell projects its output.
        cell: (B, H).
    """

    hidden: Tensor
    cell: Tensor


LayerState: TypeAlias = NamedTuple
"""The state of one layer and direction."""

State: TypeAlias = tuple[LayerState, ...]
"""The states of all layers and directions, at index ``layer * directions + direction``."""


def detach(state: State | None) -> State | None:
    """Returns the same state without its graph, so that gradients stop here."""
    if state is None:
        return None
    return tuple(rebuild(part, (tensor.detach() for tensor in part)) for part in state)


def rebuild(like: LayerState, tensors: Iterable[Tensor]) -> LayerState:
    """Returns a state of the same type with other tensors."""
    return type(like)._make(tensors)


def state_rows(state: State | None, rows: slice | Tensor) -> State | None:
    """Returns some rows of a state, by a slice or by their numbers."""
    if state is None:
        return None
    return tuple(rebuild(part, (tensor[rows] for tensor in part)) for part in state)


def choose_rows(rows: Tensor, state: LayerState, other: LayerState) -> LayerState:
    """Returns the rows of one state where ``rows`` (B,) is true, and of the other elsewhere."""
    chosen = (rows.view(-1, *(1,) * (tensor.dim() - 1)) for tensor in state)
    return rebuild(state, map(torch.where, chosen, state, other))


def join_states(states: Sequence[State]) -> State:
    """Returns states of different rows as one, their rows one after the other."""
    return tuple(
        rebuild(parts[0], (torch.cat(tensors) for tensors in zip(*parts, strict=True)))
        for parts in zip(*states, strict=True)
    )


def valid_steps(lengths: Tensor, steps: int, device: torch.device) -> Tensor:
    """Returns which of T steps are no padding, (B, T), for rows of some lengths (B,)."""
    return torch.arange(steps, device=device) < lengths.to(device).unsqueeze(1)


def check_state(rows: int, state: State | None, like: State) -> None:
    """Checks that a recurrence over a batch can start from a state.

    Kernels do not check shapes and devices again, and some are written in languages that would
    read beyond the end of a tensor.

    Args:
        rows: B.
        state: The state to start from; None is always valid.
        like: A state of the same layers and widths, for any number of rows.

    Raises:
        MisfitError: The state has another number of rows, is that of another layer, on another
            device, or is no tuple of states.
    """
    if state is None:
        return
    _check_parts(state, like)
    shapes = {name: tuple(tensor.shape) for name, tensor in state_tensors(state).items()}
    expected_shapes = {
        name: (rows, *tensor.shape[1:]) for name, tensor in state_tensors(like).items()
    }
    for name in expected_shapes | shapes:
        shape, expected = shapes.get(name, "missing"), expected_shapes.get(name, "none")
        if shape != expected:
            raise MisfitError(f"the state's {name} is {shape}, expected {expected}")
    others = state_tensors(like)
    for name, tensor in state_tensors(state).items():
        other = others[name]
        if tensor.device != other.device:
            raise MisfitError(f"the state's {name} is on {tensor.device}, expected {other.device}")
        kinds = [(t.is_floating_point(), t.is_complex()) for t in (tensor, other)]
        if kinds[0] != kinds[1]:
            raise MisfitError(f"the state's {name} is {tensor.dtype}, expected {other.dtype}")


def _check_parts(state: object, like: State) -> None:
    """Checks that a state is a tuple of named tuples of tensors.

    Raises:
        MisfitError: It is another thing, such as the tensors that torch's layers take.
    """
    count, expected = len(like), type(like[0]).__name__
    form = f"a tuple of {count} {expected}, one for each layer and direction, the batch first"
    if not isinstance(state, tuple | list) or hasattr(state, "_fields"):
        raise MisfitError(f"the state is a {type(state).__name__}, expected {form}")
    for part in state:
        if not hasattr(part, "_fields") or not all(isinstance(item, Tensor) for item in part):
            raise MisfitError(f"the state has a {type(part).__name__}, expected {form}")


def state_as(state: State, like: State) -> State:
    """Returns a state in the dtypes of another one of the same layers; itself if it has them."""
    dtypes = [[tensor.dtype for tensor in part] for part in like]
    if dtypes == [[tensor.dtype for tensor in part] for part in state]:
        return state
    return tuple(
        rebuild(part, (tensor.to(other.dtype) for tensor, other in zip(part, form, strict=True)))
        for part, form in zip(state, like, strict=True)
    )


def state_tensors(state: State) -> dict[str, Tensor]:
    """Returns the state's tensors by name, such as ``0.hidden``."""
    return {
        f"{index}.{name}": tensor
        for index, part in enumerate(state)
        for name, tensor in zip(part._fields, part, strict=True)
    }


def restore_state(like: State, tensors: dict[str, Tensor]) -> State:
    """Reverses ``state_tensors``.

    Args:
        like: A state of the same types, such as a model's initial state.
        tensors: The tensors by name.
    """
    return tuple(
        rebuild(part, (tensors[f"{index}.{name}"] for name in part._fields))
        for index, part in enumerate(like)
    )
