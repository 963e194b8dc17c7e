"""Declarations of this package: the exporter ``torch``."""

from __future__ import annotations

from zoo_core import ExporterSpec, hookimpl

ZOO_API = 2


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
