"""Declarations of this plugin: the exporters ``onnx`` and ``web``."""

from __future__ import annotations

from zoo_core import ExporterSpec, hookimpl

ZOO_API = 3


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
        ExporterSpec(
            name="web",
            summary="A page that runs a language model in the browser and asks no network.",
            factory="zoo_onnx.web.exporter:WebExporter",
            options=("int8", "runtime"),
        ),
    ]
