"""Configs: frozen dataclasses whose every field carries a sentence, a unit and its bounds.

The declaration is the only one: options, TOML, JSON and documentation are made from it.

    @config
    class LstmConfig:
        hidden_size: int = setting(default=64, unit="units", at_least=1, help="Width of the state.")
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import MISSING
from typing import Any, TypeVar, dataclass_transform, overload

from zoo_core.configs.settings import FieldInfo, settings_of

T = TypeVar("T")


@overload
def setting(
    *,
    default: T,
    help: str,
    unit: str = ...,
    at_least: float = ...,
    at_most: float = ...,
    above: float = ...,
    below: float = ...,
) -> T: ...
@overload
def setting(
    *,
    help: str,
    unit: str = ...,
    at_least: float = ...,
    at_most: float = ...,
    above: float = ...,
    below: float = ...,
) -> Any: ...
def setting(
    *,
    default: Any = MISSING,
    help: str,
    unit: str = "",
    at_least: float = -math.inf,
    at_most: float = math.inf,
    above: float = -math.inf,
    below: float = math.inf,
) -> Any:
    """A field of a config; without a default it must be given.

    Args:
        default: Its value if nobody chooses.
        help: One sentence that says what it is.
        unit: What a number counts, such as ``symbols`` or ``seconds``.
        at_least: Smallest value.
        at_most: Largest value.
        above: Bound that a value must exceed.
        below: Bound that a value must stay under.
    """
    info = FieldInfo(help, unit, at_least, at_most, above, below)
    return dataclasses.field(default=default, metadata={"info": info})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(setting,))
def config(cls: type[T]) -> type[T]:
    """Makes a frozen dataclass, every field of which is checked when an instance is made.

    A ``__post_init__`` of the class comes after that, for what several fields decide together; it
    raises ConfigError too.

    Raises:
        ConfigError: On making an instance, a field of the wrong type or out of bounds.
    """
    own: Callable[[T], None] | None = getattr(cls, "__post_init__", None)

    def check(self: T) -> None:
        _check(self)
        if own is not None:
            own(self)

    setattr(cls, "__post_init__", check)  # noqa: B010  # mypy knows no such attribute
    return dataclasses.dataclass(frozen=True, kw_only=True)(cls)


def _check(self: Any) -> None:
    for key, each in settings_of(type(self)).items():
        object.__setattr__(self, key, each.check(getattr(self, key)))
