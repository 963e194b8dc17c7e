"""Detection of pickled weights, which are never read: reading a pickle runs the code in it."""

from __future__ import annotations

from pathlib import Path

from zoo_core.run_folder.manifest import WEIGHTS

SUFFIXES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle")
CONVERT = (
    'in an environment you trust: python -c "from torch.serialization import load; '
    "from safetensors.torch import save_file; "
    "save_file(load('{name}', weights_only=True), '{weights}')\""
)


def find_pickles(path: Path) -> list[Path]:
    """Returns the pickles in a folder, or the file itself if it is one, by the suffix."""
    if path.is_file():
        files = [path]
    elif path.is_dir():
        files = sorted(path.iterdir())
    else:
        files = []
    return [file for file in files if file.suffix.lower() in SUFFIXES]


def explain_pickle(path: Path) -> str:
    """Explains what to do with a pickle, or with a folder that holds one instead of weights.

    Returns:
        The message; empty for anything else.
    """
    pickles = find_pickles(path)
    if not pickles or (path / WEIGHTS).exists():
        return ""
    remedy = CONVERT.format(name=pickles[0], weights=WEIGHTS)
    if path.is_file():
        return f"{path} is a pickle; {remedy}"
    return f"{path} holds {pickles[0].name}, a pickle; {remedy}"
