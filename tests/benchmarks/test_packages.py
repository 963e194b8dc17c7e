"""The peers' packages come by themselves, or it is said what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.peers import packages


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A uv that writes down what it is asked for; returns where."""
    asked = tmp_path / "asked"
    command = tmp_path / "uv"
    command.write_text(f'#!/bin/sh\necho "$@" > {asked}\n', "utf-8")
    command.chmod(0o755)
    monkeypatch.setenv("UV", str(command))
    return asked


def test_what_is_missing_is_asked_of_uv(uv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    assert packages.install().startswith("not installed, so not measured: JAX and Keras; uv run")
    assert uv.read_text("utf-8").rstrip().endswith("pyproject.toml:bench")


def test_nothing_is_asked_where_nothing_is_missing(
    uv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: object())
    assert packages.install() == ""
    assert not uv.exists()


def test_keras_without_jax_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == "jax" else object())
    assert packages.missing() == ["jax", "keras"]
