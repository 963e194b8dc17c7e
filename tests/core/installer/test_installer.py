"""The environment's installer: which one, and how it fails."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from zoo_core.errors import PluginError, RefusedError
from zoo_core.installer import installer
from zoo_core.installer.editable import editable_folder
from zoo_core.installer.installer import Installer, find_installer
from zoo_core.installer.packages import (
    installed_version,
    installed_versions,
    is_satisfied,
    needed_by,
)


def _install(
    folder: Path, name: str, version: str, *, requires: str = "", origin: object = None
) -> None:
    """Writes the metadata of an installed distribution into a folder of ``sys.path``."""
    metadata = folder / f"{name}-{version}.dist-info"
    metadata.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {requires}"] if requires else []
    (metadata / "METADATA").write_text("\n".join(lines) + "\n")
    if origin is not None:
        (metadata / "direct_url.json").write_text(json.dumps(origin))


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


def _telling(name: str, *target: str) -> Installer:
    """Returns an installer that tells its arguments on both streams."""
    program = "import sys; print(*sys.argv[1:]); print('stderr', *sys.argv[1:], file=sys.stderr)"
    return Installer(name, (sys.executable, "-c", program), target)


def test_an_installer_gets_its_words_and_tells_them_on_the_stream_of_its_own() -> None:
    pip, uv = _telling("pip"), _telling("uv", "--python", "p")
    assert pip.preview(["--upgrade", "owl"]) == "install --dry-run --upgrade owl\n"
    assert pip.install(["owl>=1"]) == "install owl>=1\n"
    assert pip.uninstall("owl") == "uninstall --yes owl\n"
    assert uv.preview(["owl"]) == "stderr install --python p --dry-run owl\n"
    assert uv.uninstall("owl") == "stderr uninstall --python p owl\n"


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


def test_a_failure_of_four_lines_is_shown_whole() -> None:
    with pytest.raises(PluginError) as caught:
        _failing("error: a\n  b\n  c\n  d\n").install(["owl"])
    assert str(caught.value) == "uv install failed: error: a b c d"


@pytest.mark.skipif(sys.platform == "win32", reason="no process can send another one a signal")
def test_an_interrupted_installer_is_waited_for_so_that_it_rolls_back(tmp_path: Path) -> None:
    program = f"""
import os, pathlib, signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.kill(os.getppid(), signal.SIGINT)
time.sleep(0.6)  # longer than the subprocess module waits by itself
pathlib.Path({str(tmp_path / "rolled back")!r}).touch()
"""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            Installer("uv", (sys.executable, "-c", program), ()).install(["owl"])
    finally:
        signal.signal(signal.SIGINT, handler)
    assert (tmp_path / "rolled back").exists()


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


def test_a_version_before_a_release_satisfies_what_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _install(tmp_path, "zoo_plugin_owl", "2.0rc1")
    monkeypatch.syspath_prepend(tmp_path)
    assert is_satisfied("zoo-plugin-owl>=1")
    assert not is_satisfied("zoo-plugin-owl>=2")


def test_a_requirement_with_extras_is_left_to_the_installer() -> None:
    assert is_satisfied("zoo-core")
    assert not is_satisfied("zoo-core[parquet]")


def test_a_requirement_of_an_extra_alone_does_not_need_a_distribution(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _install(tmp_path, "zoo_plugin_owl", "1.0")
    _install(tmp_path, "zoo_plugin_fox", "1.0", requires="Zoo_Plugin.Owl>=1")
    _install(tmp_path, "zoo_plugin_elk", "1.0", requires='zoo-plugin-owl; extra == "owl"')
    monkeypatch.syspath_prepend(tmp_path)
    assert needed_by("zoo-plugin-owl") == ["zoo_plugin_fox"]


@pytest.mark.parametrize(
    ("origin", "folder"),
    [
        ({"url": "file:///home/a%20b", "dir_info": {"editable": True}}, "/home/a b"),
        ({"url": "file:///home/a", "dir_info": {}}, ""),
        ({"url": "https://example.org/a.whl", "archive_info": {}}, ""),
        (["no object"], ""),
        (None, ""),
    ],
    ids=["editable", "a copy of a folder", "an archive", "damaged", "from an index"],
)
def test_only_a_folder_that_is_used_as_it_is_counts_as_editable(
    origin: object, folder: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _install(tmp_path, "zoo_plugin_owl", "1.0", origin=origin)
    monkeypatch.syspath_prepend(tmp_path)
    assert editable_folder("zoo-plugin-owl") == folder
