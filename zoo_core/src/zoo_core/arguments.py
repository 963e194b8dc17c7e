"""Arguments of public functions, checked against the annotations of their parameters.

Python checks no annotation: a wrong type would end somewhere inside a function, in words about
something else. A function with ``@check_arguments()`` says at once which argument it was, what was
given and what is expected:

    value = 5: expected text or a list of texts
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import NoneType, SimpleNamespace, UnionType
from typing import (
    Any,
    ParamSpec,
    SupportsFloat,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from zoo_core.errors import ConfigError

P = ParamSpec("P")
R = TypeVar("R")
Words: TypeAlias = Mapping[type, Callable[[object], str]]
"""What a class is called in words that follow "expected", given the value that is no such one."""
WORDS: dict[Any, str] = {
    NoneType: "None",
    str: "text",
    int: "an integer",
    float: "a number",
    bool: "True or False",
    Path: "a path",
}
ITEMS: dict[Any, str] = {str: "texts", int: "integers", Path: "paths"}
KINDS_OF_TEXT = ("O", "U", "T")
"""The kinds of the dtypes of NumPy for texts; an array of one is a list of texts first."""
MAX_SHOWN = 80
"""Characters that an error shows of a value."""


def check_arguments(words: Words | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Returns a decorator that checks the arguments of a function before each call.

    Whatever is a number passes as ``int`` or ``float`` and becomes one, such as a scalar of numpy;
    ``bool`` is no number. Whatever has items in an order passes as a list, but neither text, nor a
    dictionary, nor a table; a generator becomes one where a list is asked for, and is not used up
    where a sequence is. A mapping's items are not looked at.

    Args:
        words: What errors call other classes than Python's own; by default their name.

    Raises:
        ConfigError: A path is empty; raised by the function.
        TypeError: An argument is of another type than its parameter; raised by the function.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        code = function.__code__
        names = code.co_varnames[: code.co_argcount]

        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            hints = _hints(function)
            values = [
                _checked(name, hints.get(name, Any), value, words or {})
                for name, value in zip(names, args, strict=False)
            ]
            named = {
                name: _checked(name, hints.get(name, Any), value, words or {})
                for name, value in kwargs.items()
            }
            # Too many arguments, and unknown names, are Python's own errors.
            return function(*values, *args[len(names) :], **named)  # type: ignore[arg-type]

        return checked

    return decorate


@functools.cache
def _hints(function: Callable[..., object]) -> dict[str, Any]:
    """Returns the annotations of the parameters; that of the result may not be importable."""
    annotations = {k: v for k, v in function.__annotations__.items() if k != "return"}
    return get_type_hints(SimpleNamespace(__annotations__=annotations), function.__globals__)


class _WrongTypeError(Exception):
    """A value that an annotation does not allow."""


def _checked(name: str, hint: Any, value: object, words: Words) -> Any:
    if (
        isinstance(value, str) and not value and Path in get_args(hint)
    ):  # such as an unset variable of the shell
        raise ConfigError(f"{name} = '': expected a name or a path; . is the current folder")
    try:
        return _fitting(hint, value)
    except _WrongTypeError:
        given = " ".join(repr(value).split())
        shown = given if len(given) <= MAX_SHOWN else f"{given[: MAX_SHOWN - 3]}..."
        message = f"{name} = {shown}: expected {_expected(hint, value, words)}"
    raise TypeError(message)


def _fitting(hint: Any, value: object) -> Any:
    """Returns a value as an annotation describes it.

    Raises:
        _WrongTypeError: It is of another type.
    """
    origin = _class_of(hint)
    if origin in (Union, UnionType):
        return _fitting_member(get_args(hint), value)
    if origin is Any or (origin is Callable and callable(value)):
        return value
    if origin in (list, Sequence):
        return _fitting_items(origin, get_args(hint)[0], value)
    if origin in (int, float):
        return _fitting_number(origin, value)
    if origin is Path and isinstance(value, PathLike):
        return Path(value)
    if origin is Callable or not isinstance(value, origin):
        raise _WrongTypeError
    return value


def _class_of(hint: Any) -> Any:
    """Returns ``list`` for ``list[str]``, and ``str`` for itself."""
    return get_origin(hint) or hint


def _fitting_member(members: Sequence[Any], value: object) -> Any:
    dtype = getattr(value, "dtype", None)
    if getattr(dtype, "kind", "") not in KINDS_OF_TEXT:
        # Its own class first: an empty array would pass as a list of anything, and the rows of a
        # long one would be looked at one by one.
        members = sorted(members, key=lambda member: not _is_of(_class_of(member), value))
    for member in members:
        try:
            return _fitting(member, value)
        except _WrongTypeError:
            continue
    raise _WrongTypeError


def _is_of(kind: Any, value: object) -> bool:
    """Whether a value is of a class; nothing is of what is no class, such as ``Any``."""
    return isinstance(kind, type) and kind is not Any and isinstance(value, kind)


def _fitting_items(origin: Any, hint: Any, value: object) -> Any:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise _WrongTypeError
    if getattr(value, "columns", None) is not None:  # a table, whose items are its columns' names
        raise _WrongTypeError
    if not isinstance(value, Collection) and origin is not list:
        return value
    try:
        items = list(value)
    except TypeError:  # an array without an axis
        raise _WrongTypeError from None
    return [_fitting(hint, item) for item in items]


def _fitting_number(kind: type, value: object) -> int | float:
    if isinstance(value, bool):
        raise _WrongTypeError
    try:
        if kind is int:
            return operator.index(value)  # type: ignore[arg-type]  # the error below
        if isinstance(value, SupportsFloat):
            return float(value)
    except (TypeError, ValueError, OverflowError):  # no integer; an array; beyond every float
        pass
    raise _WrongTypeError


def _expected(hint: Any, value: object, words: Words) -> str:
    """Describes what an annotation allows, in words that follow "expected"."""
    origin = _class_of(hint)
    if origin in (Union, UnionType):
        members = (_expected(member, value, words) for member in get_args(hint))
        return " or ".join(dict.fromkeys(members))
    if origin in (list, Sequence):
        return _expected_list(get_args(hint)[0], value)
    if origin is Callable:
        return "a function"
    if origin is Mapping:
        return "a dictionary"
    if origin in words:
        return words[origin](value)
    return WORDS.get(origin) or f"an object of the class {origin.__name__}"


def _expected_list(hint: Any, value: object) -> str:
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    kinds = " or ".join(ITEMS.get(member, f"{member.__name__}s") for member in members)
    example = f", such as [{value!r}]" if isinstance(value, members) else ""
    return f"a list of {kinds}{example}"
