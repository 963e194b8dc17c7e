"""Declarations of this package: the exporter ``torch`` and the engine ``local``."""

from __future__ import annotations

from zoo_core import EngineSpec, ExporterSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_exporters() -> list[ExporterSpec]:
    """The exporters of this package."""
    return [
        ExporterSpec(
            name="torch",
            summary="A program of torch.export, which torch alone loads and runs.",
            factory="zoo_core.runtime.exporting.torch_program:TorchExporter",
        ),
    ]


@hookimpl
def zoo_engines() -> list[EngineSpec]:
    """The engines of this package."""
    return [
        EngineSpec(
            name="local",
            summary="Processes of this machine.",
            factory="zoo_core.runtime.sweeps.local_engine:local_engine",
        ),
    ]
