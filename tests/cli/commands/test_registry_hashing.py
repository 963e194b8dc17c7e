"""Commands with a large registry hash the files that are asked for, and no others."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.core.registry.large_registry import write_large_registry
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.locate import find_folder
from zoo_core.storage import hashes


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many times files of a name are hashed."""
    counter: Counter[str] = Counter()
    digest = hashes._digest

    def count(path: Path, algorithm: str, prefix: bytes) -> str:
        counter[path.name] += 1
        return digest(path, algorithm, prefix)

    monkeypatch.setattr(hashes, "_digest", count)
    return counter


@pytest.mark.parametrize(
    ("arguments", "times"),
    [
        (("list", "checkpoints"), 0),
        (("show", "lstm-embed.copy-7"), 0),
        (("registry", "verify"), 20),
    ],
    ids=["list checkpoints", "show", "registry verify"],
)
def test_only_the_files_that_are_asked_for_are_hashed(
    zoo: Zoo,
    hashed: Counter[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    times: int,
) -> None:
    path = write_large_registry(tmp_path / "registry.toml", 20)
    monkeypatch.setenv("ZOO_REGISTRY", str(path))
    assert zoo(*arguments).code == 0
    assert hashed["README.md"] == times
    assert hashed["model.safetensors"] == times


def test_a_checkpoint_that_is_asked_for_is_hashed_alone(
    catalog: Catalog, hashed: Counter[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_large_registry(tmp_path / "registry.toml", 20)
    monkeypatch.setenv("ZOO_REGISTRY", str(path))
    find_folder(catalog, "lstm-embed.copy-7")
    assert set(hashed.values()) == {1}
