"""The names of a sweep's run folders, such as ``seed=0,hidden-size=128``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from zoo_core.configs.settings import as_typed

MAX_NAME = 160
"""The longest name; file systems take 255 bytes, with those of temporary names."""
MAX_VALUE = 40
DIGEST = 8
"""Hex digits that keep shortened names apart."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")


def run_name(
    seed: int, label: str, settings: Mapping[str, Any], tables: Mapping[str, Mapping[str, Any]]
) -> str:
    """Returns the name of a run's folder.

    Args:
        seed: The seed.
        label: What comes after the seed, such as ``model=lstm-embed``; may be empty.
        settings: The settings to name, by flat key such as ``model.hidden_size``.
        tables: All settings by section: a key that two sections have is named with its section.
    """
    parts = [f"seed={seed}"]
    if label:
        parts.append(_safe(label, MAX_NAME, kept="="))
    parts += [f"{short_key(key, tables)}={_value(value)}" for key, value in settings.items()]
    name = ",".join(parts)
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - DIGEST - 1]}-{_digest(name)}"


def short_key(key: str, tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns ``hidden-size`` for ``model.hidden_size``; both parts if another section has it."""
    section, _, name = key.partition(".")
    taken = {"seed", *_other_keys(section, tables)}
    return (key if name in taken else name).replace("_", "-")


def _other_keys(section: str, tables: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    return (key for other, table in tables.items() if other != section for key in table)


def _value(value: Any) -> str:
    text = as_typed(value)
    if "/" not in text and "\\" not in text:
        return _safe(text, MAX_VALUE)
    # the base name of a path, which two folders may have
    return f"{_safe(Path(text).name, MAX_VALUE)}-{_digest(text)}"


def _safe(text: str, length: int, *, kept: str = "") -> str:
    """Returns a text as a part of a file name; one that has to be changed gets a digest."""
    safe = text if kept and kept in text and _is_safe(text.replace(kept, "")) else None
    if safe is None:
        safe = _UNSAFE.sub("_", text)
    if safe == text and len(text) <= length:
        return text
    return f"{safe[:length]}-{_digest(text)}"


def _is_safe(text: str) -> bool:
    return not _UNSAFE.search(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:DIGEST]
