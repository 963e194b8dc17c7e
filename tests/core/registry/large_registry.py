"""Writes a registry of many entries whose files are all there."""

from __future__ import annotations

from pathlib import Path

from zoo_core.registry.sources import registry_path


def write_large_registry(path: Path, number: int) -> Path:
    """Writes entries ``lstm-embed.copy-0`` and so on, each of the packaged ``lstm-embed.hello``."""
    text = registry_path().read_text("utf-8")
    table = text[text.index("[checkpoints.lstm-embed.hello]") :].partition("\n\n")[0]
    values = table.partition("\n")[2]
    entries = (f"\n[checkpoints.lstm-embed.copy-{n}]\n{values}\n" for n in range(number))
    path.write_text("schema = 1\n" + "".join(entries), "utf-8")
    return path
