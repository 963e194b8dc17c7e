"""Data from Python: what it may be, and the rows that it becomes, which are checked one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from zoo_core.errors import DataError
from zoo_core.runtime.datasets.memory_rows import STEP_AXES, MemoryRows
from zoo_core.runtime.nn.batch import IGNORED

Data: TypeAlias = Any
"""Data from Python; see ``memory_rows`` for what it may be."""
EXPECTED = (
    "expected a list of texts, a list of (text, label) pairs, a DataFrame with the names of its "
    "columns, a tuple (inputs, targets) of arrays or tensors, or a torch dataset of such pairs"
)
KINDS = {"b": np.bool_, "i": np.int64, "u": np.int64, "f": np.float64}
"""What numbers become, by the kind of their dtype in NumPy."""
MAX_INTEGER = np.iinfo(np.int64).max
MAX_SHOWN = 60
"""Characters that an error shows of a row."""


def memory_rows(data: Data, *, text_column: str = "", label_column: str = "") -> MemoryRows:
    """Returns the rows of data from Python.

    Args:
        data: A list of texts, whose next symbols are the targets; a list of (text, label) pairs; a
            DataFrame, or anything else with ``columns``; a tuple (inputs, targets) of arrays or
            tensors with as many rows: inputs (B, T, F) or tokens (B, T), targets (B,) or (B, T) for
            integers, (B,), (B, N) or (B, T, N) for floats; a torch dataset of such pairs, whose
            rows may differ in length.
        text_column: The column of a DataFrame that holds the texts.
        label_column: Its column of labels; empty for texts alone.

    Raises:
        DataError: The data is none of these, or empty; or a row has no label, a number that is
            masked or not finite, a class below 0, no target that counts, or more or fewer targets
            than steps: the message names it.
    """
    if getattr(data, "columns", None) is not None:
        return _frame_rows(data, text_column, label_column)
    for option, name in {"text_column": text_column, "label_column": label_column}.items():
        if name:
            raise DataError(f"{option} = {name!r}: the data has no columns; give a DataFrame")
    if isinstance(data, tuple) and len(data) == 2 and not isinstance(data[0], str | tuple):
        inputs, targets = map(_items, data)
        return _checked_rows(inputs, targets)
    return _item_rows(_items(data))


def _items(data: Any) -> list[Any]:
    """Returns what is in a list, an array, a column or a torch dataset; text is none of these.

    Raises:
        DataError: It is none of these.
    """
    # A column of pandas has its rows by position here; its own index may have any order.
    rows = getattr(data, "iloc", data)
    try:
        count = len(data)
        is_table = getattr(data, "columns", None) is not None
        if isinstance(data, str | bytes | Mapping) or is_table or not hasattr(rows, "__getitem__"):
            raise TypeError
    except TypeError:
        raise DataError(f"data of the type {type(data).__name__}: {EXPECTED}") from None
    return [_item(rows, number) for number in range(count)]


def _item(rows: Any, number: int) -> Any:
    """Returns a row.

    Raises:
        DataError: The code of a torch dataset fails.
    """
    try:
        return rows[number]
    except (TypeError, KeyError, IndexError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise DataError(f"row {number} of the data cannot be read: {reason}") from error


def _frame_rows(frame: Any, text: str, label: str) -> MemoryRows:
    columns = list(frame.columns)
    names = list(map(str, columns))
    for option, name in {"text_column": text, "label_column": label}.items():
        if name not in names and (name or option == "text_column"):
            known = ", ".join(names)
            raise DataError(f"{option} = {name!r}: the data has no such column; it has {known}")
        if names.count(name) > 1:
            raise DataError(
                f"{option} = {name!r}: the data has {names.count(name)} columns of this name; "
                "rename all but one"
            )
    texts = list(frame[columns[names.index(text)]])
    for number, value in enumerate(texts):
        if not isinstance(value, str) or not value:
            raise DataError(
                f"row {number} of the data has no text in the column {text!r}: {value!r:.40}"
            )
    if not label:
        return _checked_rows(texts, None)
    return _checked_rows(texts, list(frame[columns[names.index(label)]]))


def _item_rows(items: Sequence[Any]) -> MemoryRows:
    if not items:
        raise DataError(f"no data: {EXPECTED}")
    has_texts = isinstance(items[0], str)
    for number, item in enumerate(items):
        if has_texts and not isinstance(item, str):
            raise DataError(
                f"row {number} of the data is no text, as row 0 is: {_shown(item)}; leave it out"
            )
        if not has_texts and (not isinstance(item, tuple | list) or len(item) != 2):
            raise DataError(f"row {number} of the data is {_shown(item)}: {EXPECTED}")
    if has_texts:
        return _checked_rows(items, None)
    return _checked_rows([value for value, _ in items], [target for _, target in items])


def _shown(value: Any) -> str:
    """Returns a value as an error shows it: on one line, and short."""
    return " ".join(repr(value).split())[:MAX_SHOWN]


def _checked_rows(values: Sequence[Any], labels: Sequence[Any] | None) -> MemoryRows:
    """Returns rows of one kind.

    Raises:
        DataError: There are none, they are of different kinds, or there are more or fewer targets.
    """
    if not values:
        raise DataError("no data: there is no row")
    if labels is not None and len(labels) != len(values):
        raise DataError(f"{len(values)} inputs and {len(labels)} targets: expected as many")
    inputs: list[Any] = [_as_input(value, number) for number, value in enumerate(values)]
    if labels is None:  # a text of one symbol has no next one
        inputs = [text for text in inputs if len(text) > 1]
        if not inputs:
            raise DataError("no data: there is no text of two symbols")
        return MemoryRows(inputs, None)
    kinds = {_kind(row) for row in inputs}
    if len(kinds) > 1:
        raise DataError(f"inputs of different kinds: {' and '.join(sorted(kinds))}")
    empty = [number for number, row in enumerate(inputs) if not len(row)]
    if empty:
        raise DataError(f"row {empty[0]} of the data is empty")
    targets = [
        _as_target(label, number, len(row))
        for number, (label, row) in enumerate(zip(labels, inputs, strict=True))
    ]
    return MemoryRows(inputs, targets)


def _kind(row: str | Tensor) -> str:
    if isinstance(row, str):
        return "text"
    return "tokens" if row.dim() == 1 else f"features of {row.shape[1]}"


def _as_input(value: Any, number: int) -> str | Tensor:
    """Returns the input of a row: a text, tokens (T,) as int64, or features (T, F) as float32.

    Raises:
        DataError: It is something else, of another shape, or a number is not finite.
    """
    if isinstance(value, str):
        return _checked_text(value, number)
    row = _numbers(value, number)
    if row.dim() == 1 and not row.is_floating_point():
        row = row.long()
        if len(row) and int(row.min()) < 0:
            raise DataError(
                f"row {number} of the data has the token {int(row.min())}: expected integers from "
                "0 on"
            )
        return row
    if row.dim() != 2 or not row.shape[1]:
        shape = tuple(row.shape)
        raise DataError(
            f"row {number} of the data is a row of shape {shape}: expected features (T, F), or "
            "integers (T,)"
        )
    row = row.float()
    if not torch.isfinite(row).all():
        raise DataError(
            f"row {number} of the data: an input is infinite or not a number; fill it in, or leave "
            "the row out"
        )
    return row


def _checked_text(text: str, number: int) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        symbol = text[error.start]
        raise DataError(
            f"row {number} of the data has {symbol!r}, half of a character; it was read in another "
            "encoding than it is in"
        ) from None
    return str(text)  # of a text of NumPy too


def _as_target(value: Any, number: int, steps: int) -> Any:
    """Returns a label as text, and numbers as a tensor.

    Args:
        value: The target of a row.
        number: The number of the row.
        steps: The steps of the row.

    Raises:
        DataError: It is missing, of another shape, infinite, or a class below 0.
    """
    if _is_missing(value):  # in a column it makes integers numbers of another kind
        raise DataError(
            f"row {number} of the data has no label: {value!r:.40}; give it one, or leave the row "
            "out"
        )
    if isinstance(value, str):
        return _checked_text(value, number)
    target = _numbers(value, number)
    if target.dtype == torch.bool and not target.dim():
        return str(bool(target))
    is_value = target.is_floating_point()
    has_steps = target.dim() == (STEP_AXES if is_value else 1)
    if target.dim() > (STEP_AXES if is_value else 1) or (has_steps and len(target) != steps):
        expected = "(N,), or (T, N)" if is_value else "one integer, or (T,)"
        raise DataError(
            f"row {number} of the data has {steps} steps and targets of shape "
            f"{tuple(target.shape)}: expected {expected} for T = {steps} steps"
        )
    if is_value:
        target = target.float()
        if target.isinf().any() or target.isnan().all():  # some may be NaN, which do not count
            what = "a target is infinite" if target.isinf().any() else "no target is a number"
            raise DataError(f"row {number} of the data: {what}; leave the row out")
        return target
    target = target.long()
    wrong = target[(target < 0) & ~(has_steps & (target == IGNORED))]
    if len(wrong):
        raise DataError(
            f"row {number} of the data has the class {int(wrong[0])}: expected integers from 0 on; "
            "as text, such as '-1', classes may have any name"
        )
    if has_steps and (target == IGNORED).all():
        raise DataError(
            f"row {number} of the data: no target counts, all are {IGNORED}; leave the row out"
        )
    return target


def _is_missing(value: Any) -> bool:
    """Whether a label is None, NaN, masked, or what stands for a missing value in pandas."""
    if value is None or value is np.ma.masked:
        return True
    if isinstance(value, Tensor | np.ndarray | list | tuple):
        return False
    try:
        return bool(value != value)  # noqa: PLR0124  # NaN alone differs from itself
    except TypeError:  # pandas.NA is neither equal to itself nor not
        return True


def _numbers(value: Any, number: int) -> Tensor:
    """Returns the numbers of a row as a tensor.

    Raises:
        DataError: They are none.
    """
    try:
        return as_tensor(value)
    except DataError as error:
        raise DataError(f"row {number} of the data: {error}") from None


def as_tensor(value: Any) -> Tensor:
    """Returns numbers as a tensor in the CPU's memory: bool, int64, or floating-point.

    Args:
        value: Numbers as an array of any dtype and layout, a dense tensor, a list or a scalar.

    Raises:
        DataError: They are none, or complex; some are masked, or integers from 2**63 on; or the
            tensor is not dense.
    """
    if isinstance(value, Tensor):
        return _dense(value)
    if np.ma.is_masked(value):
        raise DataError("some numbers are masked; fill them in, such as with .filled(0)")
    try:
        array = np.array(value)  # a copy, as a view may be reversed or read-only
        if array.dtype.kind == "u" and array.size and array.max() > MAX_INTEGER:
            raise DataError(f"the integer {array.max()} is too large: expected at most 2**63 - 1")
        if array.dtype.kind in KINDS:
            return torch.from_numpy(array.astype(KINDS[array.dtype.kind]))
    except (TypeError, ValueError, RuntimeError):  # such as rows of different lengths
        pass
    if isinstance(value, np.ndarray):
        raise DataError(
            f"an array of {value.dtype}: expected real numbers, which .astype(float) makes of them"
        )
    raise DataError(f"{_shown(value)} is no text, number or array")


def _dense(tensor: Tensor) -> Tensor:
    """Returns a tensor as ``as_tensor`` does.

    Raises:
        DataError: It is complex, sparse, nested or quantized, or has no numbers.
    """
    is_dense = tensor.layout == torch.strided and not tensor.is_nested
    if not is_dense or tensor.is_meta or tensor.is_quantized or tensor.is_complex():
        raise DataError(
            f"a tensor of {tensor.dtype} and {tensor.layout} on {tensor.device}: expected real "
            "numbers in a dense tensor, not a sparse, nested, quantized or meta one"
        )
    found = tensor.detach().cpu()
    return found if found.is_floating_point() or found.dtype == torch.bool else found.long()


def sample_rows() -> MemoryRows:
    """Returns a few rows made by a rule: words, labelled by their first letter."""
    words = [
        f"{letter}{other * count}" for letter in "ab" for other in "xyz" for count in range(1, 9)
    ]
    return memory_rows([(word, word[0]) for word in words])
