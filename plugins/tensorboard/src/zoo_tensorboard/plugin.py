"""Declarations of this plugin: a logger."""

from __future__ import annotations

from zoo_core import LoggerSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_loggers() -> list[LoggerSpec]:
    """The loggers of this plugin."""
    return [
        LoggerSpec(
            name="tensorboard",
            summary="Writes event files for TensorBoard into logs/tensorboard of the run folder.",
            factory="zoo_tensorboard.logger:TensorboardLogger",
        ),
    ]
