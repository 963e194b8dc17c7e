"""Pickled weights, which are never read: reading a pickle runs what is in it."""

from __future__ import annotations

from pathlib import Path

from zoo_core.run_folder.manifest import WEIGHTS

SUFFIXES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle")
CONVERT = (
    'in an environment you trust: python -c "from torch.serialization import load; '
    "from safetensors.torch import save_file; "
    "save_file(load('{name}', weights_only=True), '{weights}')\""
)


def pickled(path: Path) -> list[Path]:
    """The pickles in a folder, or the file itself if it is one, by their suffix."""
    inside = [path] if path.is_file() else sorted(path.iterdir()) if path.is_dir() else []
    return [each for each in inside if each.suffix.lower() in SUFFIXES]


def about_pickles(path: Path) -> str:
    """What is wrong with a pickle, or a folder that holds one instead of weights, and what helps.

    Empty for anything else.
    """
    found = pickled(path)
    if not found or (path / WEIGHTS).exists():
        return ""
    how = CONVERT.format(name=found[0], weights=WEIGHTS)
    return f"{path} {'is' if path.is_file() else f'holds {found[0].name},'} a pickle; {how}"
