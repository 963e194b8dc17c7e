"""Free memory is what the cgroups of the process have left of their limits."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from zoo_core.storage import cgroups as cgroup_files
from zoo_core.storage.capacity import free_memory


@pytest.fixture
def cgroups(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of cgroups, and of the file ``own`` that names those of this process."""
    monkeypatch.setattr(cgroup_files, "CGROUPS", str(tmp_path))
    monkeypatch.setattr(cgroup_files, "OWN_CGROUPS", str(tmp_path / "own"))
    return tmp_path


def write_cgroup(folder: Path, limit: str, used: int, cached: int = 0) -> None:
    """Writes the files of a cgroup of version 2."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    statistics = f"anon {used - cached}\nactive_file {cached // 2}\ninactive_file {cached // 2}\n"
    (folder / "memory.stat").write_text(statistics)


@pytest.mark.parametrize(
    ("used", "cached", "left"),
    [(600, 0, 400), (900, 700, 800), (1100, 0, 0)],
    ids=["the rest of the limit", "contents of files make way", "over the limit"],
)
def test_what_a_cgroup_has_left_of_its_limit_bounds_free_memory(
    cgroups: Path, used: int, cached: int, left: int
) -> None:
    (cgroups / "own").write_text("0::/\n")
    write_cgroup(cgroups, "1000", used, cached)
    assert free_memory() == left


def test_the_tightest_of_the_cgroups_around_the_process_counts(cgroups: Path) -> None:
    (cgroups / "own").write_text("1:cpu:/other\n0::/slice/unit/part\n")
    write_cgroup(cgroups / "slice", "1000", used=700)
    write_cgroup(cgroups / "slice" / "unit", "900", used=100)
    write_cgroup(cgroups / "slice" / "unit" / "part", "max", used=100)
    write_cgroup(cgroups / "other", "10", used=0)
    assert free_memory() == 300


def test_a_container_that_sees_its_own_cgroup_as_the_root_is_limited_by_it(cgroups: Path) -> None:
    (cgroups / "own").write_text("0::/docker/0123\n")
    write_cgroup(cgroups, "1000", used=600)
    assert free_memory() == 400


def test_a_cgroup_of_version_1_bounds_free_memory(cgroups: Path) -> None:
    (cgroups / "own").write_text("5:cpu:/\n4:cpuset,memory:/box\n0::/\n")
    box = cgroups / "memory" / "box"
    box.mkdir(parents=True)
    (box / "memory.limit_in_bytes").write_text("1000\n")
    (box / "memory.usage_in_bytes").write_text("800\n")
    statistics = "active_file 1\ninactive_file 2\ntotal_active_file 30\ntotal_inactive_file 20\n"
    (box / "memory.stat").write_text(statistics)
    assert free_memory() == 250


@pytest.mark.parametrize("limit", ["max", None])
def test_without_a_limit_the_machine_bounds_free_memory(cgroups: Path, limit: str | None) -> None:
    if limit:
        (cgroups / "own").write_text("0::/\n")
        write_cgroup(cgroups, limit, used=10)
    assert 1 << 20 < free_memory() <= psutil.virtual_memory().total


def test_what_lies_above_the_root_of_the_cgroups_is_no_limit(
    cgroups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroup_files, "CGROUPS", str(cgroups / "root"))
    (cgroups / "own").write_text("0::/unit\n")
    write_cgroup(cgroups, "10", used=10)
    write_cgroup(cgroups / "root" / "unit", "1000", used=600)
    assert free_memory() == 400
