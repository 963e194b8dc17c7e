"""Exporting a checkpoint into a new folder."""

from __future__ import annotations

import json
from pathlib import Path

from zoo_core.errors import ConfigError
from zoo_core.plugins.import_strings import make
from zoo_core.plugins.optional_parts import find_exporter
from zoo_core.plugins.specs import ExporterSpec
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.exporting.exporter import AbstractExporter, ExportOptions, ExportResult
from zoo_core.storage.atomic import new_folder, write_new

SIGNATURE, VOCABULARY, CARD = "signature.json", "vocabulary.json", "README.md"


def export_checkpoint(
    checkpoint: Checkpoint, format: str, target: Path, options: ExportOptions
) -> ExportResult:
    """Exports a checkpoint into a new folder, which appears complete and verified or not at all.

    Args:
        checkpoint: The checkpoint.
        format: The name of an exporter.
        target: The folder; it does not exist yet.
        options: The options of the format.

    Raises:
        ConfigError: The format has no such option.
        ExportError: The exported model differs from the model or cannot run.
        MisfitError: The format cannot express the model.
        NotFoundError: There is no such format.
        PluginError: The format's plugin is not installed, or is broken.
        TargetError: The target exists or cannot be written to.
    """
    spec = find_exporter(checkpoint.catalog, format)
    check_options(spec, options)
    exporter: AbstractExporter = make(spec.factory, AbstractExporter)
    with new_folder(target) as folder:
        result: ExportResult = exporter.export(checkpoint, folder, options)
        signature = checkpoint.signature
        write_new(folder / SIGNATURE, _json(signature.to_json()))
        if signature.vocabulary is not None:
            write_new(folder / VOCABULARY, _json(list(signature.vocabulary.symbols)))
        write_new(folder / CARD, _card(checkpoint, spec, result).encode())
    return result


def check_options(spec: ExporterSpec, options: ExportOptions) -> None:
    """Checks that a format has the options that were given.

    Raises:
        ConfigError: It has not.
    """
    for name, value in vars(options).items():
        if value and name not in spec.options:
            raise ConfigError(f"--{name.replace('_', '-')} does not go with --format {spec.name}")


def _card(checkpoint: Checkpoint, spec: ExporterSpec, result: ExportResult) -> str:
    run_config, signature = checkpoint.run_config, checkpoint.signature
    lines = [
        f"# {run_config.recipe or run_config.model}, exported as {spec.name}\n",
        f"`{run_config.model}` trained on `{run_config.dataset}`: {signature.describe_sizes()}.\n",
        "## Use\n",
        result.usage,
        "## Verified\n",
        "| batch | steps | in pieces of | largest difference |\n| --- | --- | --- | --- |",
        *(
            f"| {row.batch_size} | {row.steps} | {', '.join(map(str, row.chunks))} "
            f"| {row.difference:.1e} |"
            for row in result.comparisons
        ),
        "",
        *(f"- {note}" for note in result.notes),
    ]
    return "\n".join(lines)


def _json(values: object) -> bytes:
    return json.dumps(values, ensure_ascii=False, indent=2).encode() + b"\n"
