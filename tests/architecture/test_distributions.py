"""Distributions: zoo-cli brings the light ones, and each has its licence, version and changelog."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.workspace import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"
PROJECTS = [ROOT / "zoo_core", ROOT / "cli", *sorted((ROOT / "plugins").iterdir())]
VERSION = re.compile(r"^## (\d+\.\d+\.\d+)$", re.M)


@pytest.fixture(params=PROJECTS, ids=lambda path: path.name)
def project(request: pytest.FixtureRequest) -> Path:
    """The folder of a distribution."""
    folder: Path = request.param
    return folder


def _settings(project: Path) -> dict[str, Any]:
    return tomllib.loads((project / "pyproject.toml").read_text("utf-8"))


def test_zoo_cli_brings_every_plugin_without_large_dependencies() -> None:
    needed = _settings(ROOT / "cli")["project"]["dependencies"]
    plugins = {f"zoo-{path.name}" for path in (ROOT / "plugins").iterdir()}
    light = set(_settings(ROOT)["dependency-groups"]["dev"]) & plugins
    assert [name for name in needed if name in plugins] == sorted(light)


def test_the_release_installs_what_zoo_cli_brings() -> None:
    needed = _settings(ROOT / "cli")["project"]["dependencies"]
    (plugins,) = re.findall(r"zoo-\{([a-z0-9,]+)\}", WORKFLOW.read_text("utf-8"))
    light = [name for name in needed if name.startswith("zoo-") and name != "zoo-core"]
    assert [f"zoo-{name}" for name in plugins.split(",")] == light


def test_the_release_publishes_with_no_right_but_its_token() -> None:
    before, publish = WORKFLOW.read_text("utf-8").split("  publish:")
    assert "write" not in before
    assert "secrets." not in before + publish
    assert "permissions:\n      id-token: write\n    steps:" in publish
    assert "if: github.ref_type == 'tag'" in publish


def test_the_licence_is_the_one_of_the_repository(project: Path) -> None:
    assert (project / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_version_is_the_latest_one_of_the_changelog_or_unreleased(project: Path) -> None:
    text = (project / "CHANGELOG.md").read_text("utf-8")
    version = _settings(project)["project"]["version"]
    assert VERSION.findall(text)[:1] in ([], [version])
    assert re.findall(r"^## (.*)$", text, re.M)[0] in ("Unreleased", version)


def _changelog(project: Path, text: str) -> Path:
    (project / "CHANGELOG.md").write_text(f"# Changelog of zoo-owl\n\n{text}\n", "utf-8")
    return project


@pytest.mark.parametrize(
    ("tag", "changelog", "words"),
    [
        ("zoo-owl-v0.2.0", "## 0.2.0\n\n- New.", ""),
        ("zoo-owl-v0.3.0", "## 0.3.0\n\n- New.", "its pyproject.toml says 0.2.0"),
        ("zoo-owl-v0.2.0", "## Unreleased\n\n- New.\n\n## 0.2.0", "the first section"),
        ("zoo-elk-v0.2.0", "## 0.2.0\n\n- New.", "no distribution zoo-elk"),
        ("v0.2.0", "## 0.2.0\n\n- New.", "write NAME-vVERSION"),
    ],
)
def test_a_tag_is_published_only_if_it_is_what_the_files_say(
    tag: str, changelog: str, words: str, tmp_path: Path
) -> None:
    project = tmp_path / "plugins" / "owl"
    project.mkdir(parents=True)
    (project / "pyproject.toml").write_text('[project]\nname = "zoo-owl"\nversion = "0.2.0"\n')
    _changelog(project, changelog)
    tagged_folder = runpy.run_path(str(ROOT / ".ci" / "release.py"))["tagged_folder"]
    if not words:
        assert tagged_folder(tmp_path, tag) == project
        return
    with pytest.raises(SystemExit, match=words):
        tagged_folder(tmp_path, tag)


def test_the_changelog_of_the_zoo_has_the_versions_of_zoo_cli() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    sections = re.findall(r"^## \[([^\]]+)\]", text, re.M)
    changelog = (ROOT / "cli" / "CHANGELOG.md").read_text("utf-8")
    assert sections == ["Unreleased", *VERSION.findall(changelog)]
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.*)$", text, re.M)) <= kinds
