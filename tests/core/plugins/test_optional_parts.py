"""Loggers, formats and engines by name, of installed plugins and of known ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.plugins.sample_plugin import PluginWriter
from zoo_core.errors import NotFoundError, PluginError
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.optional_parts import (
    find_engine,
    find_exporter,
    find_loggers,
    list_formats,
)

PARTS = """
from zoo_core import ExporterSpec, LoggerSpec
@hookimpl
def zoo_loggers(): return [LoggerSpec(name=name, summary="", factory="") for name in ("a", "b")]
@hookimpl
def zoo_exporters(): return [ExporterSpec(name="pt2", summary="", factory="")]
"""
KNOWN = """
schema = 1
[plugins.far]
distribution = "zoo-far"
formats = ["far"]
engines = ["cloud"]
"""


@pytest.fixture
def parts(write_plugin: PluginWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """A plugin with two loggers and a format, beside one that is known and not installed."""
    (tmp_path / "registry.toml").write_text(KNOWN)
    monkeypatch.setenv("ZOO_REGISTRY", str(tmp_path / "registry.toml"))
    return load_catalog([write_plugin(PARTS, name="near")])


def test_a_logger_that_is_named_twice_is_one(parts: Catalog) -> None:
    found = find_loggers(parts, ["b", "a", "b"])
    assert [entry.spec.name for entry in found] == ["b", "a"]


@pytest.mark.parametrize("reference", ["pt2", "near:pt2"])
def test_a_format_is_found_with_and_without_its_plugin(parts: Catalog, reference: str) -> None:
    assert find_exporter(parts, reference).name == "pt2"


def test_a_format_of_another_plugin_is_not_found_under_its_name(parts: Catalog) -> None:
    with pytest.raises(NotFoundError, match="write near:pt2"):
        find_exporter(parts, "other:pt2")


def test_what_a_known_plugin_has_says_how_to_get_it(parts: Catalog) -> None:
    assert list_formats(parts) == ["far", "pt2"]
    with pytest.raises(PluginError, match="the format far comes with zoo-far: zoo plugins install"):
        find_exporter(parts, "far")
    with pytest.raises(PluginError, match="the engine cloud comes with zoo-far: zoo plugins"):
        find_engine(parts, "cloud")


def test_an_unknown_name_suggests_what_a_known_plugin_has(parts: Catalog) -> None:
    with pytest.raises(NotFoundError, match=r"no engine 'clout'; did you mean cloud\?"):
        find_engine(parts, "clout")
