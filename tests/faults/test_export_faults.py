"""Exports: what a page needs is there, verified, or nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.faults.child import no_longer_files_than
from tests.faults.conftest import Met, Start
from tests.faults.fault import fault

MODEL = "gru-embed.python-docs"


@fault(
    95,
    "the plugin of a format is not installed",
    says="Error: the format web comes with zoo-onnx: …",
    code=7,
    left="nothing",
)
def test_a_missing_plugin_of_a_format_is_named(
    zoo: Zoo, met: Met, hello: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-cli,zoo-lstm,zoo-text,zoo-train")
    met(zoo("export", hello, "--format", "web", "--to", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.full
@fault(
    95,
    "what runs a page cannot be downloaded",
    says="Error: cannot download onnxruntime-web-… (…); a copy with sha256 … may be put at "
    "…onnxruntime-web-….tgz, or named with --runtime",
    code=5,
    left="nothing",
)
def test_an_export_without_network_says_where_to_put_the_package(
    zoo: Zoo, met: Met, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    met(zoo("export", MODEL, "--format", "web", "--to", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.full
@fault(
    95,
    "what runs a page is another file",
    says="Error: …ort.tgz has 3 bytes with sha256 …, expected … bytes with sha256 …; name the "
    "package onnxruntime-web-….tgz",
    code=4,
    left="nothing",
)
def test_another_file_is_no_package(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    file = tmp_path / "ort.tgz"
    file.write_bytes(b"ort")
    options = ["--runtime", file, "--to", tmp_path / "out"]
    met(zoo("export", MODEL, "--format", "web", *options))
    assert not (tmp_path / "out").exists()


@pytest.mark.full
@fault(
    96,
    "a page of a model that writes no text",
    says="Error: the page writes text, and the data of this model is …; "
    "try: zoo export --format onnx",
    code=6,
    left="nothing",
)
def test_a_model_that_writes_no_text_has_no_page(
    zoo: Zoo, met: Met, hello: Path, tmp_path: Path
) -> None:
    met(zoo("export", hello, "--format", "web", "--to", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@fault(
    96,
    "the folder of an export is there already",
    says="Error: … is there already; choose a folder that is new",
    code=6,
    left="the folder as it was",
)
def test_an_export_replaces_no_folder(zoo: Zoo, met: Met, hello: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "mine").write_text("mine", "utf-8")
    met(zoo("export", hello, "--format", "torch", "--to", target))
    assert [path.name for path in target.iterdir()] == ["mine"]


@fault(
    97,
    "disk full while an export is written",
    says="Error: cannot write …: File too large",
    code=6,
    left="nothing",
)
@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("size", [900, 2000])
def test_a_full_disk_ends_an_export_in_one_line(
    start: Start, met: Met, hello: Path, tmp_path: Path, size: int
) -> None:
    arguments = ["export", hello, "--format", "torch", "--to", tmp_path / "out"]
    met(start(*arguments, before=no_longer_files_than(size)).wait())
    assert not (tmp_path / "out").exists()
