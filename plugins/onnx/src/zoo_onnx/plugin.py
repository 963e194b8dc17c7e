"""Declarations of this plugin: the exporter ``onnx``."""

from __future__ import annotations

from zoo_core import ExporterSpec, hookimpl

ZOO_API = 2


@hookimpl
def zoo_exporters() -> list[ExporterSpec]:
    """The exporters of this plugin."""
    return [
        ExporterSpec(
            name="onnx",
            summary="A model for ONNX Runtime, with its states as inputs and outputs.",
            factory="zoo_onnx.exporter:OnnxExporter",
            options=("int8", "with_sampler"),
        ),
    ]
