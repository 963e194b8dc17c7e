"""Declarations of this plugin: the engine ``ray``."""

from __future__ import annotations

from zoo_core import EngineSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_engines() -> list[EngineSpec]:
    """The engines of this plugin."""
    return [
        EngineSpec(
            name="ray",
            summary="The machines of a Ray cluster: that of RAY_ADDRESS, or one of this machine.",
            factory="zoo_ray.engine:RayEngine",
        ),
    ]
