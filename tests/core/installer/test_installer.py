"""The environment's installer: which one, and how it fails."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from zoo_core.errors import PluginError, RefusedError
from zoo_core.installer import installer
from zoo_core.installer.installer import Installer, find_installer
from zoo_core.installer.packages import (
    installed_version,
    installed_versions,
    is_satisfied,
    needed_by,
)


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


def _failing(output: str) -> Installer:
    program = f"import sys; sys.stderr.write({output!r}); sys.exit(2)"
    return Installer("uv", (sys.executable, "-c", program), ())


def test_a_failure_gives_its_reason_in_one_line() -> None:
    with pytest.raises(PluginError) as caught:
        _failing("Using Python\nerror: no such thing\n  ╰─▶ because\n").preview(["owl"])
    assert str(caught.value) == "uv install failed: error: no such thing because"


def test_a_long_failure_shows_both_ends() -> None:
    frames = "\n".join(f"  File {n}" for n in range(500))
    with pytest.raises(PluginError) as caught:
        _failing(f"ERROR: building failed\n{frames}\nValueError: no luck\n").install(["owl"])
    message = "uv install failed: ERROR: building failed ... ValueError: no luck"
    assert str(caught.value) == message


def test_a_silent_failure_shows_its_exit_code() -> None:
    with pytest.raises(PluginError, match="uv uninstall failed: exit code 2"):
        _failing("").uninstall("owl")


def test_the_dependents_of_a_distribution_are_known() -> None:
    assert {"zoo-cnn", "zoo-cli"} & set(needed_by("zoo-core")) == {"zoo-cnn", "zoo-cli"}
    assert needed_by("zoo_text") == ["zoo-cli", "zoo-cnn", "zoo-seq2seq"]
    assert needed_by("zoo") == []


def test_installed_versions_are_known_by_canonical_names() -> None:
    assert installed_versions()["zoo-text"] == installed_version("zoo_text") != ""


@pytest.mark.parametrize(
    ("requirement", "satisfied"),
    [
        ("zoo-gru", True),
        ("Zoo_GRU>=0.0.1", True),
        ("zoo-gru>=999", False),
        ("zoo-plugin-owl", False),
        ("zoo-gru @ file:///tmp/gru", False),
        ("./zoo-gru", False),
        ("/tmp/zoo_gru-1.0-py3-none-any.whl", False),
    ],
)
def test_a_requirement_is_satisfied_by_an_installed_version(
    requirement: str, satisfied: bool
) -> None:
    assert is_satisfied(requirement) == satisfied
