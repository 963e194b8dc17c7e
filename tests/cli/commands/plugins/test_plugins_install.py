"""``zoo plugins search``, ``install`` and ``uninstall``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from zoo_core.installer.installer import Installer


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file with the arguments of a fake installer, which plans to install an owl."""
    note = tmp_path / "requests"
    program = (
        f"import sys; open({str(note)!r}, 'a').write(' '.join(sys.argv[1:]) + chr(10));"
        "sys.stderr.write(' + zoo-plugin-owl==1.0' + chr(10))"
    )
    installer = Installer("uv", (sys.executable, "-c", program), ())
    for command in ("install", "uninstall"):
        monkeypatch.setattr(f"zoo_cli.commands.plugins.{command}.find_installer", lambda: installer)
    note.touch()
    return note


class _Terminal:
    """A stdin that is a terminal."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def isatty(self) -> bool:
        return True

    def readline(self, *size: int) -> str:
        return f"{self.answer}\n"


def test_a_search_shows_which_plugins_are_installed(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = tmp_path / "registry.toml"
    registry.write_text(
        'schema = 1\n[plugins.zoo-owl]\ndistribution = "zoo-plugin-owl"\nmodels = ["owl-cell"]\n'
        '[plugins.zoo-gru]\ndistribution = "zoo-gru"\nsummary = "owl-like"\n'
    )
    monkeypatch.setenv("ZOO_REGISTRY", str(registry))
    result = zoo("plugins", "search", "OWL", "--json")
    rows = {row["name"]: row for row in result.json}
    assert rows["zoo-owl"]["installed"] == ""
    assert rows["zoo-owl"]["offers"] == ["owl-cell"]
    assert rows["zoo-gru"]["installed"]
    assert "zoo plugins install zoo-plugin-owl" in zoo("plugins", "search", "owl").stderr
    assert "no known plugin has 'zebra'" in zoo("plugins", "search", "zebra").stderr


def test_a_dry_run_changes_nothing(zoo: Zoo, requests: Path) -> None:
    result = zoo("plugins", "install", "zoo-plugin-owl", "--dry-run")
    assert result.stdout == " + zoo-plugin-owl==1.0\n"
    assert requests.read_text() == "install --dry-run zoo-plugin-owl\n"


def test_the_name_of_one_of_our_plugins_is_its_folder_in_a_checkout(
    zoo: Zoo, requests: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plugins" / "hawk").mkdir(parents=True)
    (tmp_path / "plugins" / "hawk" / "pyproject.toml").touch()
    core = str(tmp_path / "zoo_core")
    monkeypatch.setattr("zoo_core.installer.editable.editable_folder", {"zoo-core": core}.get)
    result = zoo("plugins", "install", "zoo-hawk", "--dry-run")
    assert requests.read_text() == f"install --dry-run {tmp_path}/plugins/hawk\n"
    assert f"zoo-hawk comes from the checkout: {tmp_path}/plugins/hawk" in result.stderr
    zoo("plugins", "install", "hawk", "zoo-heron", "--dry-run")
    assert requests.read_text().endswith("install --dry-run hawk zoo-heron\n")


def test_outside_of_a_checkout_a_name_is_left_to_the_package_index(
    zoo: Zoo, requests: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoo_core.installer.editable.editable_folder", lambda name: "")
    zoo("plugins", "install", "zoo-onnx-of-ours", "--dry-run")
    assert requests.read_text() == "install --dry-run zoo-onnx-of-ours\n"


def test_what_is_editable_is_a_folder_with_a_slash_or_without(
    zoo: Zoo, requests: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zoo-plugin-owl").mkdir()
    (tmp_path / "zoo-plugin-owl" / "pyproject.toml").touch()
    result = zoo("plugins", "install", "--editable", "zoo-plugin-owl", "--dry-run")
    assert requests.read_text() == f"install --dry-run --editable {tmp_path}/zoo-plugin-owl\n"
    assert "package index" not in result.stderr
    missing = zoo("plugins", "install", "--editable", "zoo-plugin-elk", "--dry-run")
    assert (missing.code, "no such folder or file" in missing.stderr) == (3, True)


@pytest.mark.parametrize(
    ("requirement", "message"),
    [
        ("", "an empty name; write . for the current folder"),
        ("./empty", "empty is not the folder of a project: it has no pyproject.toml"),
        ("./notes.txt", "notes.txt is neither a wheel nor the folder of a project"),
    ],
)
def test_a_path_that_cannot_be_installed_is_refused_before_the_installer(
    zoo: Zoo,
    requests: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    requirement: str,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").touch()
    result = zoo("plugins", "install", requirement, "--yes")
    assert (result.code, message in result.stderr) == (6, True)
    assert requests.read_text() == ""


def test_without_a_terminal_nothing_is_changed(zoo: Zoo, requests: Path) -> None:
    result = zoo("plugins", "install", "zoo-plugin-owl")
    assert result.code == 6
    assert "add --yes" in result.stderr
    assert zoo("plugins", "uninstall", "zoo-gru").code == 6
    assert requests.read_text() == "install --dry-run zoo-plugin-owl\n"


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1)])
def test_changes_are_shown_and_need_a_confirmation(
    zoo: Zoo, requests: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    monkeypatch.setattr(sys, "stdin", _Terminal(answer))
    result = zoo("plugins", "install", "zoo-plugin-owl")
    assert result.code == code
    assert " + zoo-plugin-owl==1.0\n" in result.stderr
    done = "install zoo-plugin-owl" in requests.read_text().splitlines()
    assert done == (code == 0)


def test_flags_and_folders_reach_the_installer(
    zoo: Zoo, requests: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    zoo("plugins", "install", "--upgrade", "--editable", ".", "--yes")
    assert requests.read_text().splitlines()[1] == f"install --upgrade --editable {tmp_path}"


@pytest.mark.parametrize(
    ("expected", "code", "word"),
    [
        ("./nowhere", 3, "no such folder"),
        ("nowhere.whl", 3, "no such folder"),
        ("--index-url=http://127.0.0.1:9", 6, "is a flag"),
    ],
)
def test_a_name_that_cannot_be_installed_never_reaches_the_installer(
    zoo: Zoo, requests: Path, expected: str, code: int, word: str
) -> None:
    result = zoo("plugins", "install", "--yes", "--", expected)
    assert result.code == code
    assert word in result.stderr
    assert requests.read_text() == ""


def test_an_installed_plugin_never_reaches_the_installer(zoo: Zoo, requests: Path) -> None:
    result = zoo("plugins", "install", "zoo-gru", "--json")
    assert result.json == {"installer": "uv", "changes": [], "plugins": []}
    assert "nothing to change" in result.stderr
    assert requests.read_text() == ""


def test_a_name_that_is_a_folder_too_never_reaches_the_installer(
    zoo: Zoo, requests: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zoo-plugin-owl").mkdir()
    monkeypatch.chdir(tmp_path)
    result = zoo("plugins", "install", "zoo-plugin-owl", "--yes")
    assert result.code == 6
    assert "write ./zoo-plugin-owl for it, or 'zoo-plugin-owl>=0'" in result.stderr
    assert requests.read_text() == ""
    zoo("plugins", "install", "zoo-plugin-owl>=0", "--yes")
    assert "zoo-plugin-owl>=0" in requests.read_text()


def test_a_distribution_that_is_no_plugin_is_not_removed(zoo: Zoo, requests: Path) -> None:
    result = zoo("plugins", "uninstall", "torch", "--yes")
    assert (result.code, requests.read_text()) == (3, "")
    assert "zoo-gru" in zoo("plugins", "uninstall", "zoo-gry", "--yes").stderr


def test_dependents_of_a_removed_plugin_are_named(zoo: Zoo, requests: Path) -> None:
    assert (
        "zoo-text is needed by zoo-cnn" in zoo("plugins", "uninstall", "zoo-text", "--yes").stderr
    )


def test_a_plugin_that_the_installer_leaves_is_an_error(zoo: Zoo, requests: Path) -> None:
    result = zoo("plugins", "uninstall", "zoo-text", "--yes")
    assert (result.code, result.stdout) == (7, "")
    assert "zoo-text is still installed: uv did not install zoo_text.plugin" in result.stderr
    assert requests.read_text() == "uninstall zoo-text\n"
