"""Pickled weights, which are never read: reading a pickle runs what is in it."""

from __future__ import annotations

from pathlib import Path

from zoo_core.manifest import WEIGHTS

SUFFIXES = (".pt", ".pth", ".bin", ".ckpt", ".pkl")
CONVERT = (
    'in an environment you trust: python -c "from torch.serialization import load; '
    "from safetensors.torch import save_file; "
    "save_file(load('{name}', weights_only=True), '{weights}')\""
)


def about_pickles(path: Path) -> str:
    """What is wrong with a pickle, or a folder that holds one instead of weights, and what helps.

    Empty for anything else.
    """
    inside = [path] if path.is_file() else sorted(path.iterdir()) if path.is_dir() else []
    pickled = [each.name for each in inside if each.suffix in SUFFIXES]
    if not pickled or (path / WEIGHTS).exists():
        return ""
    how = CONVERT.format(name=pickled[0], weights=WEIGHTS)
    return f"{path} {'is' if path.is_file() else f'holds {pickled[0]},'} a pickle; {how}"
