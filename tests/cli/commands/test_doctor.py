"""``zoo doctor``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from tests.cli.command import InstallPlugin, Zoo
from zoo_core.runtime import doctor as diagnosis

SUBJECTS = {
    *("python", "installer", "versions", "plugins", "home", "disk", "registry", "leftovers"),
    *("locks", "torch", "threads", "backends", "caches", "hub", "cache"),
}
SECRET = "hf_thisShallNeverBeShown"


def test_json_has_a_row_for_every_subject(zoo: Zoo) -> None:
    result = zoo("doctor", "--json")
    assert result.code == 0, result.stdout
    rows = {row["subject"]: row for row in result.json}
    assert set(rows) == SUBJECTS
    assert all(
        row.keys() == {"subject", "verdict", "said", "remedy", "facts"} for row in rows.values()
    )
    assert rows["torch"]["facts"]["version"] == torch.__version__
    assert {"portable", "torch", "reference"} <= {*rows["backends"]["facts"]["names"]}
    assert rows["hub"]["facts"]["endpoint"] == "http://127.0.0.1:9"


def test_the_table_has_a_line_for_every_subject(zoo: Zoo) -> None:
    lines = zoo("doctor").stdout.splitlines()
    assert {line.split()[1] for line in lines} == SUBJECTS
    assert {line.split()[0] for line in lines} <= {"ok", "warning"}


def test_a_token_is_never_shown(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", SECRET)
    for arguments in (["doctor"], ["doctor", "--json"]):
        result = zoo(*arguments)
        assert "a token is there" in result.stdout
        assert SECRET not in result.stdout + result.stderr


def test_what_is_wrong_is_exit_1_with_its_remedy(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_REGISTRY", str(tmp_path / "nowhere.toml"))
    result = zoo("doctor")
    assert result.code == 1
    assert "to fix it: unset ZOO_REGISTRY" in result.stdout
    assert "wrong: 1" in result.stderr


def test_torch_that_cannot_be_imported_is_a_finding(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "zoo_core.runtime.doctor")
    monkeypatch.setitem(sys.modules, "zoo_core.runtime.doctor", None)
    result = zoo("doctor", "--json")
    assert result.code == 1
    (row,) = [row for row in result.json if row["subject"] == "torch"]
    assert row["said"].startswith("cannot be imported")
    assert row["remedy"]


def test_more_threads_than_cores_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 10_000)
    (result,) = diagnosis.threads()
    assert result.verdict == "warning"
    assert result.remedy.startswith("export OMP_NUM_THREADS=")


@pytest.mark.parametrize(
    ("factory", "reason"),
    [
        ("no_such_module:Kernel", "cannot import"),
        ("zoo_odd_kernel:Kernel", "calls itself other"),
        ("zoo_odd_kernel:leave", "odd of zoo-odd: no licence"),
    ],
)
def test_a_kernel_that_cannot_be_made_is_wrong(
    install_plugin: InstallPlugin, factory: str, reason: str
) -> None:
    spec = f"KernelSpec(name='odd', summary='', factory='{factory}', cells=())"
    hook = f"@hookimpl\ndef zoo_kernels(): return [{spec}]\n"
    head = "from zoo_core import KernelSpec, hookimpl\nZOO_API = 3\n"
    files = {
        "zoo_odd_plugin.py": head + hook,
        "zoo_odd_kernel.py": "class Kernel: name = 'other'\n"
        "def leave(): raise SystemExit('no licence')\n",
    }
    install_plugin("zoo-odd", "zoo_odd_plugin", files)
    summary, result = diagnosis.backends()
    assert ("odd" in summary.message) == (reason == "calls itself other")
    assert (result.verdict, reason in result.message) == ("wrong", True)
    assert result.remedy == "zoo plugins install --upgrade zoo-odd"
