"""The environment's installer: which one, and what it would change."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from zoo_core.errors import PluginError, RefusedError
from zoo_core.installer import installer
from zoo_core.installer.changes import Change, pip_changes, uv_changes
from zoo_core.installer.installer import Installer, find_installer
from zoo_core.installer.packages import installed_version, needed_by

UV = """Resolved 3 packages in 5ms
Would download 2 packages
Would uninstall 1 package
Would install 2 packages
 - zoo-owl==1.0
 + zoo-owl==2.0 (from file:///tmp/owl)
 + zoo-heron @ file:///tmp/heron
 ~ zoo-gru==0.1.0
 - zoo-old==3.0
"""


def test_uvs_lines_are_changes() -> None:
    assert uv_changes(UV) == [
        Change("zoo-owl", "1.0", "2.0"),
        Change("zoo-heron", "", "file:///tmp/heron"),
        Change("zoo-gru", "0.1.0", "0.1.0"),
        Change("zoo-old", "3.0", ""),
    ]


def test_pips_report_is_changes() -> None:
    rows = [{"metadata": {"name": name, "version": "9.0"}} for name in ("zoo-core", "zoo-owl")]
    found = pip_changes(json.dumps({"install": rows}))
    assert found == [
        Change("zoo-core", installed_version("zoo-core"), "9.0"),
        ("zoo-owl", "", "9.0"),
    ]
    assert installed_version("zoo-core")


@pytest.mark.parametrize("report", ["", "[]", "{}", '{"install": [{}]}'])
def test_a_report_that_is_none_is_told(report: str) -> None:
    with pytest.raises(PluginError, match="pip's report is not readable"):
        pip_changes(report)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change("owl", "", "1"), "+ owl 1"),
        (Change("owl", "1", ""), "- owl 1"),
        (Change("owl", "1", "2"), "~ owl 1 → 2"),
    ],
)
def test_a_change_is_a_line(change: Change, said: str) -> None:
    assert str(change) == said


def test_pip_comes_first_then_uv_then_a_word(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    present = {"pip", "uv"}
    monkeypatch.setattr(installer, "find_spec", lambda name: name in present)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_installer().command[:3] == (sys.executable, "-m", "pip")
    present.remove("pip")
    assert find_installer().command == (sys.executable, "-m", "uv", "pip")
    assert find_installer().target == ("--python", sys.executable)
    present.remove("uv")
    with pytest.raises(RefusedError, match=r"neither pip nor uv is here; .* -m ensurepip"):
        find_installer()


def _failing(said: str) -> Installer:
    program = f"import sys; sys.stderr.write({said!r}); sys.exit(2)"
    return Installer("uv", (sys.executable, "-c", program), ())


def test_what_fails_says_why_in_one_line() -> None:
    with pytest.raises(PluginError) as caught:
        _failing("Using Python\nerror: no such thing\n  ╰─▶ because\n").plan(["owl"])
    assert str(caught.value) == "uv install failed: error: no such thing because"


def test_of_a_long_failure_both_ends_are_told() -> None:
    frames = "\n".join(f"  File {n}" for n in range(500))
    with pytest.raises(PluginError) as caught:
        _failing(f"ERROR: building failed\n{frames}\nValueError: no luck\n").install(["owl"])
    said = "uv install failed: ERROR: building failed ... ValueError: no luck"
    assert str(caught.value) == said


def test_a_silent_failure_has_its_code() -> None:
    with pytest.raises(PluginError, match="uv uninstall failed: exit code 2"):
        _failing("").uninstall("owl")


def test_who_needs_a_distribution_is_known() -> None:
    assert {"zoo-cnn", "zoo-cli"} & set(needed_by("zoo-core")) == {"zoo-cnn", "zoo-cli"}
    assert needed_by("zoo_text") == ["zoo-cnn"]
    assert needed_by("zoo") == []
