"""The machine of a run, ``state/machine.json``, which is never pushed."""

from __future__ import annotations

import json
from pathlib import Path

from zoo_core.run_folder.ownership import STATE

MACHINE = f"{STATE}/machine.json"


def to_bytes(facts: dict[str, str]) -> bytes:
    """Returns the content of the file."""
    return (json.dumps(facts, indent=1, ensure_ascii=False) + "\n").encode()


def read_machine(folder: Path) -> dict[str, str]:
    """Returns the facts by name; none if the run is of an older version, or came from elsewhere."""
    try:
        values = json.loads((folder / MACHINE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {str(name): value for name, value in values.items() if isinstance(value, str)}
