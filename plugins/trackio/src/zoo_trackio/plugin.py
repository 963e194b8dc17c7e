"""Declarations of this plugin: a logger."""

from __future__ import annotations

from zoo_core import LoggerSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_loggers() -> list[LoggerSpec]:
    """The loggers of this plugin."""
    return [
        LoggerSpec(
            name="trackio",
            summary="Logs to the dashboard of Trackio on this machine, in the project zoo.",
            factory="zoo_trackio.logger:TrackioLogger",
        ),
    ]
