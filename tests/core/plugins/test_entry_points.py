"""Entry points are read as the standard library reads them."""

from __future__ import annotations

import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from zoo_core.plugins.entry_points import EntryPoint, entry_points

PROBE = EntryPoint("probe", "probe.plugin", "Probe.Dist", "2.0")


def _install(
    folder: Path, stem: str = "probe_dist-2.0.dist-info", *, points: str = "probe = probe.plugin"
) -> Path:
    """Writes the metadata of an installed distribution."""
    info = folder / stem
    info.mkdir(parents=True)
    (info / "entry_points.txt").write_text(f"[zoo-probe]\n{points}\n", "utf-8")
    name = "METADATA" if stem.endswith(".dist-info") else "PKG-INFO"
    text = "Metadata-Version: 2.1\nName: Probe.Dist\nVersion: 2.0\n\nName: readme\n"
    (info / name).write_text(text, "utf-8")
    return info


@pytest.mark.parametrize("group", ["zoo", "console_scripts", "pytest11", "no-such-group"])
def test_they_are_those_of_the_standard_library(group: str) -> None:
    expected = {
        (point.name, point.value, point.dist.name, point.dist.version)
        for point in metadata.entry_points(group=group)
        if point.dist
    }
    assert set(entry_points(group)) == expected
    assert bool(expected) == (group != "no-such-group")


@pytest.mark.parametrize("stem", ["probe_dist-2.0.dist-info", "probe_dist.egg-info"])
def test_metadata_of_both_forms_is_read(
    stem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, stem)
    monkeypatch.syspath_prepend(tmp_path)
    assert entry_points("zoo-probe") == [PROBE]


def test_the_first_distribution_of_a_name_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path / "first")
    _install(tmp_path / "second", "Probe.Dist-1.0.dist-info", points="old = probe.old")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "first"), str(tmp_path / "second")])
    assert entry_points("zoo-probe") == [PROBE]


def test_comments_sections_and_spaces_are_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "# other = x\n\n  probe =  probe.plugin \nno pair\n[other]\nthird = third.plugin"
    _install(tmp_path, points=text)
    monkeypatch.syspath_prepend(tmp_path)
    assert entry_points("zoo-probe") == [PROBE]


def test_a_file_that_is_not_utf_8_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path)
    _install(tmp_path, "odd-1.0.dist-info").joinpath("entry_points.txt").write_bytes(b"\xff\xfe")
    monkeypatch.syspath_prepend(tmp_path)
    assert entry_points("zoo-probe") == [PROBE]


def test_what_cannot_be_read_hides_no_other_beside_an_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path)
    _install(tmp_path, "odd-1.0.dist-info").joinpath("entry_points.txt").write_bytes(b"\xff\xfe")
    loose = tmp_path / "loose-1.0.dist-info"
    loose.mkdir()
    loose.joinpath("entry_points.txt").write_text("[console_scripts]\nno pair\n")
    loose.joinpath("METADATA").write_text("Name: loose\nVersion: 1.0\n")
    archive = tmp_path / "empty.zip"
    zipfile.ZipFile(archive, "w").close()
    monkeypatch.setattr(sys, "path", [str(archive), str(tmp_path)])
    assert entry_points("zoo-probe") == [PROBE]


def test_an_archive_on_the_path_is_searched_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = _install(tmp_path / "folder")
    with zipfile.ZipFile(tmp_path / "probe.zip", "w") as archive:
        for path in info.iterdir():
            archive.write(path, f"{info.name}/{path.name}")
    monkeypatch.syspath_prepend(tmp_path / "probe.zip")
    assert entry_points("zoo-probe") == [PROBE]


def test_a_finder_of_its_own_kind_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = _install(tmp_path)

    class Finder(metadata.DistributionFinder):
        def find_spec(self, *arguments: object) -> None:
            return None

        def find_distributions(self, context: object = None) -> list[metadata.Distribution]:
            return [metadata.Distribution.at(info)]

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    assert entry_points("zoo-probe") == [PROBE]


def test_a_folder_that_is_not_there_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "none"), str(tmp_path)])
    assert entry_points("zoo-probe") == [PROBE]
