"""The peers' packages are installed, or the missing ones are named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from benchmarks.peers import packages


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A uv that writes its arguments to a file; returns the file."""
    asked = tmp_path / "asked"
    command = tmp_path / "uv"
    command.write_text(f'#!/bin/sh\necho "$@" > {asked}\n', "utf-8")
    command.chmod(0o755)
    monkeypatch.setenv("UV", str(command))
    return asked


def test_missing_packages_are_installed_by_uv(uv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    assert packages.install().startswith("not installed, so not measured: JAX and Keras; uv run")
    assert uv.read_text("utf-8").rstrip().endswith("pyproject.toml:bench")


def test_nothing_is_installed_if_nothing_is_missing(
    uv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: object())
    assert packages.install() == ""
    assert not uv.exists()


def test_keras_without_jax_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == "jax" else object())
    assert packages.missing() == ["JAX", "Keras"]


def test_each_group_has_the_packages_that_its_benchmark_names() -> None:
    groups = tomllib.loads(packages.PYPROJECT.read_text("utf-8"))["dependency-groups"]
    for group in (packages.LAYERS, packages.RECURRENT):
        required = {requirement.partition(">=")[0].lower() for requirement in groups[group.name]}
        assert {name.lower() for name in group.modules} <= required
