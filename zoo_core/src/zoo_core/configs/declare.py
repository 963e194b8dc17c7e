"""Configs: frozen dataclasses whose fields carry a help text, a unit and bounds.

Options, TOML, JSON and documentation are generated from this one declaration.

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

from zoo_core.configs.settings import Condition, FieldInfo, settings_of

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
    needs: tuple[str, Callable[[Any], bool]] | None = ...,
    file_suffix: str = ...,
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
    needs: tuple[str, Callable[[Any], bool]] | None = ...,
    file_suffix: str = ...,
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
    needs: tuple[str, Callable[[Any], bool]] | None = None,
    file_suffix: str = "",
) -> Any:
    """A field of a config.

    Args:
        default: The default value; without one, the setting must be given.
        help: One sentence that says what the setting is.
        unit: What a number counts, such as ``symbols`` or ``seconds``.
        at_least: The smallest value.
        at_most: The largest value.
        above: A bound that the value must exceed.
        below: A bound that the value must stay under.
        needs: What a changed value needs to have an effect, in words that follow "without" and as
            a function of the config; a run warns if it is not met.
        file_suffix: The end of texts that are paths, such as ``.json``; empty if none are.
    """
    condition = Condition(*needs) if needs else None
    info = FieldInfo(help, unit, at_least, at_most, above, below, condition, file_suffix)
    return dataclasses.field(default=default, metadata={"info": info})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(setting,))
def config(cls: type[T]) -> type[T]:
    """Turns a class into a frozen dataclass whose fields are checked when it is instantiated.

    A ``__post_init__`` of the class runs after the check. It may check rules over several fields
    and raise ConfigError.

    Raises:
        ConfigError: On instantiation, if a field has the wrong type or is out of bounds.
    """
    own: Callable[[T], None] | None = getattr(cls, "__post_init__", None)

    def check(self: T) -> None:
        _check(self)
        if own is not None:
            own(self)

    setattr(cls, "__post_init__", check)  # noqa: B010  # mypy knows no such attribute
    return dataclasses.dataclass(frozen=True, kw_only=True)(cls)


def _check(self: Any) -> None:
    for key, setting_ in settings_of(type(self)).items():
        # The dataclass is frozen, and a checked value may differ: 1 becomes 1.0.
        object.__setattr__(self, key, setting_.check(getattr(self, key)))
