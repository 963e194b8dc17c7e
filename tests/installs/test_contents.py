"""What every wheel and sdist holds: its files, its licence and its metadata, and nothing else."""

from __future__ import annotations

import email
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata

from tests.installs.builds import Build
from tests.installs.environment import ROOT, build_wheel

PROJECTS = [ROOT / "zoo_core", ROOT / "cli", *sorted((ROOT / "plugins").iterdir())]
BUILT = {"native.so", "not_built.txt", "registry.toml"}
"""Files that a build makes or brings."""
SDIST = {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "PKG-INFO", "src", ".gitignore"}
"""What lies at the top of an sdist."""

pytestmark = pytest.mark.gate


@pytest.fixture(params=PROJECTS, ids=lambda path: path.name)
def project(request: pytest.FixtureRequest) -> Path:
    """The folder of a distribution."""
    folder: Path = request.param
    return folder


def _sources(project: Path) -> set[str]:
    """The files of a distribution's package, relative to ``src``."""
    source = project / "src"
    return {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and "cache" not in str(path.parent) and path.name not in BUILT
    }


def _package(project: Path) -> str:
    return project.name if project.name == "zoo_core" else f"zoo_{project.name}"


def test_a_wheel_holds_the_package_and_its_metadata(project: Path, wheel_of: Build) -> None:
    with zipfile.ZipFile(wheel_of(project)) as wheel:
        names = set(wheel.namelist())
    package = _package(project)
    files = {name for name in names if not name.startswith(f"{package}-")}
    assert {name for name in files if Path(name).name not in BUILT} == _sources(project)
    assert f"{package}/py.typed" in files
    (info,) = {name.partition("/")[0] for name in names - files}
    metadata = {name.removeprefix(f"{info}/") for name in names - files}
    assert metadata == {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}


def test_the_metadata_is_what_an_index_accepts(project: Path, wheel_of: Build) -> None:
    with zipfile.ZipFile(wheel_of(project)) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        text = wheel.read(name)
    metadata = Metadata.from_email(text, validate=True)
    assert metadata.description == (project / "README.md").read_text("utf-8")
    assert metadata.description_content_type == "text/markdown"
    assert (metadata.license_expression, metadata.license_files) == ("MIT", ["LICENSE"])
    assert str(metadata.requires_python) == ">=3.11"
    assert email.message_from_bytes(text)["Summary"].endswith(".")


def test_an_sdist_holds_what_the_wheel_is_built_from(project: Path, sdist_of: Build) -> None:
    path = sdist_of(project)
    with tarfile.open(path) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {f"src/{name}" for name in _sources(project)} <= names
    own = {"hatch_build.py", "cpp"} & {entry.name for entry in project.iterdir()}
    assert {name.partition("/")[0] for name in names} - {".gitignore"} <= SDIST | own
    assert own <= {name.partition("/")[0] for name in names}
    assert not [name for name in names if "cache" in str(Path(name).parent)]
    assert not [name for name in names if name.endswith((".pyc", ".so"))]


def test_checkpoints_recipes_and_the_registry_are_among_the_files(
    wheel_of: Build, sdist_of: Build
) -> None:
    with zipfile.ZipFile(wheel_of(ROOT / "plugins" / "lstm")) as wheel:
        names = set(wheel.namelist())
    assert {
        "zoo_lstm/checkpoints/lstm-embed.hello/model.safetensors",
        "zoo_lstm/checkpoints/lstm-embed.hello/config.json",
        "zoo_lstm/recipes/lstm-embed.hello.toml",
    } <= names
    with tarfile.open(sdist_of(ROOT / "zoo_core")) as sdist:
        assert any(name.endswith("/src/zoo_core/registry.toml") for name in sdist.getnames())


def test_the_sdist_of_the_kernels_builds_without_a_compiler(
    sdist_of: Build, tmp_path: Path
) -> None:
    with tarfile.open(sdist_of(ROOT / "plugins" / "kernels")) as sdist:
        sdist.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    wheel = build_wheel(unpacked, tmp_path / "wheel", {"CXX": "", "PATH": os.environ["PATH"]})
    assert wheel.name.endswith("-py3-none-any.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "zoo_kernels/not_built.txt" in names
    assert "zoo_kernels/native.so" not in names
