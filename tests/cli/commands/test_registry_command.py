"""``zoo registry``: entries added, renewed, verified."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.command import Zoo


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty registry with a comment."""
    path = tmp_path / "registry.toml"
    path.write_text("# what there is\nschema = 1\n")
    monkeypatch.setenv("ZOO_REGISTRY", str(path))
    return path


@pytest.fixture
def packaged(hello: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint inside a package."""
    (tmp_path / "zoo_tiny" / "checkpoints").mkdir(parents=True)
    (tmp_path / "zoo_tiny" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "zoo_tiny", raising=False)
    return hello.rename(tmp_path / "zoo_tiny" / "checkpoints" / "hello")


SOURCE = "package:zoo_tiny/checkpoints/hello"


def test_an_entry_is_added_and_used_offline(zoo: Zoo, registry: Path, packaged: Path) -> None:
    result = zoo("registry", "add", packaged, SOURCE, "--license", "MIT")
    assert result.code == 0
    text = registry.read_text()
    assert text.startswith("# what there is\nschema = 1\n")
    entry = tomllib.loads(text)["checkpoints"]["lstm-embed"]["hello"]
    assert (entry["source"], entry["license"]) == (SOURCE, "MIT")
    assert entry["parameters"] == 316
    assert entry["seconds"] >= 0
    assert zoo("predict", "lstm-embed.hello", "hello").stdout == "ohlol\n"
    (row,) = zoo("list", "checkpoints", "--json").json
    assert (row["name"], row["metrics"]["accuracy"]) == ("lstm-embed.hello", 1.0)
    assert (row["parameters"], row["size"] > 1000) == (316, True)


def test_an_entry_that_no_recipe_made_can_be_shown(
    zoo: Zoo, registry: Path, packaged: Path
) -> None:
    named = ("--license", "MIT", "--name", "lstm-embed.shout")
    assert zoo("registry", "add", packaged, SOURCE, *named).code == 0
    shown = zoo("show", "lstm-embed.shout", "--json").json
    assert (shown["name"], shown["source"], shown["license"]) == (named[-1], SOURCE, "MIT")
    assert shown["reached"]["accuracy"] == 1.0
    assert "accuracy 1.0" in zoo("show", "lstm-embed.shout").stdout
    assert "no recipe 'lstm-embed.whisper'" in zoo("show", "lstm-embed.whisper").stderr


@pytest.mark.parametrize(
    "command",
    [
        ["predict", "lstm-embed.chosen", "hello"],
        ["evaluate", "lstm-embed.chosen"],
        ["train", "lstm-embed", "--from", "lstm-embed.chosen", "--print-config"],
    ],
)
def test_every_command_reads_the_chosen_registry(
    zoo: Zoo, tmp_path: Path, packaged: Path, command: list[str]
) -> None:
    path = tmp_path / "chosen.toml"
    path.write_text("schema = 1\n")
    names = ["--name", "lstm-embed.chosen", "--registry", path]
    assert zoo("registry", "add", packaged, SOURCE, *names).code == 0
    assert zoo(*command, "--registry", path).code == 0
    assert zoo(*command).code == 3


def test_adding_again_updates_the_entry_and_keeps_others(
    zoo: Zoo, registry: Path, packaged: Path
) -> None:
    assert zoo("registry", "add", packaged, SOURCE, "--name", "lstm-embed.one").code == 0
    assert zoo("registry", "add", packaged, SOURCE, "--name", "lstm-embed.two").code == 0
    result = zoo("registry", "add", packaged, SOURCE, "--name", "lstm-embed.one")
    assert f"lstm-embed.one in {registry} replaced its entry from {SOURCE}" in result.stderr
    assert list(tomllib.loads(registry.read_text())["checkpoints"]["lstm-embed"]) == ["one", "two"]


def test_line_ends_of_windows_stay(zoo: Zoo, registry: Path, packaged: Path) -> None:
    registry.write_bytes(b"# what there is\r\nschema = 1\r\n")
    assert zoo("registry", "add", packaged, SOURCE).code == 0
    data = registry.read_bytes()
    assert data.startswith(b"# what there is\r\nschema = 1\r\n")
    assert data.count(b"\n") == data.count(b"\r\n") > 5


def test_a_registry_whose_files_have_their_hashes_is_verified(
    zoo: Zoo, registry: Path, packaged: Path
) -> None:
    assert zoo("registry", "add", packaged, SOURCE).code == 0
    result = zoo("registry", "verify")
    assert result.code == 0
    assert "3 files match their hashes" in result.stdout


def test_a_file_of_another_hash_is_exit_4(zoo: Zoo, registry: Path, packaged: Path) -> None:
    assert zoo("registry", "add", packaged, SOURCE).code == 0
    card = packaged / "README.md"
    card.write_bytes(bytes(reversed(card.read_bytes())))
    result = zoo("registry", "verify")
    assert result.code == 4
    assert "the registry says" in result.stderr


def test_a_package_that_is_not_installed_is_named(
    zoo: Zoo, registry: Path, packaged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert zoo("registry", "add", packaged, SOURCE).code == 0
    monkeypatch.setitem(sys.modules, "zoo_tiny", None)
    result = zoo("predict", "lstm-embed.hello", "hello")
    assert result.code == 7
    assert "comes with zoo-tiny: zoo plugins install zoo-tiny" in result.stderr


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("package:zoo_nowhere/checkpoints/hello", 7, "zoo plugins install zoo-nowhere"),
        ("package:zoo_tiny/checkpoints/other", 4, "zoo_tiny/checkpoints/other/config.json"),
    ],
)
def test_a_package_without_the_checkpoint_is_not_added(
    zoo: Zoo, registry: Path, packaged: Path, source: str, code: int, message: str
) -> None:
    before = registry.read_text()
    result = zoo("registry", "add", packaged, source)
    assert result.code == code
    assert message in result.stderr
    assert registry.read_text() == before


def test_a_package_with_another_checkpoint_is_named(
    zoo: Zoo, registry: Path, packaged: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    assert zoo("train", "lstm-embed", "--trainer.epochs", 1, "--out", other).code == 0
    result = zoo("registry", "add", other, SOURCE)
    assert result.code == 4
    assert result.stderr.startswith(f"Error: {SOURCE} lacks the files of {other}: ")
    assert registry.read_text() == "# what there is\nschema = 1\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["hub:owner/repo"], "pin the 40 hex digits"),
        (["hub:owner/repo", "--revision", "main"], "pin the 40 hex digits"),
        (["https://example.org/x"], "expected hub:OWNER/REPO or package:PACKAGE/PATH"),
        ([SOURCE, "--name", "nodot"], "expected MODEL.TAG"),
        ([SOURCE, "--name", "gru-embed.hello"], "holds a lstm-embed"),
    ],
)
def test_an_invalid_entry_changes_nothing(
    zoo: Zoo, registry: Path, packaged: Path, arguments: list[str], message: str
) -> None:
    before = registry.read_text()
    result = zoo("registry", "add", packaged, *arguments)
    assert result.code == 6
    assert message in result.stderr
    assert registry.read_text() == before
    assert sorted(path.name for path in registry.parent.glob(".*")) == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing"], 3, "no checkpoint in nothing: there is no such folder"),
        (["nothing", "no-source"], 3, "no checkpoint in nothing: there is no such folder"),
        (["here"], 2, "SOURCE is missing: say where others find this checkpoint"),
        (["here", "no-source"], 6, "expected hub:OWNER/REPO or package:PACKAGE/PATH"),
        (["here", SOURCE, "--revision", "0" * 40], 6, "a package has no revision"),
        (["hub:o/r", SOURCE], 2, f"hub:o/r is a source itself: leave out {SOURCE}"),
        (["hub:o/r", "--revision", "dev"], 2, "is for a folder; write hub:o/r@dev"),
    ],
)
def test_what_is_wrong_is_named_in_the_order_of_the_arguments(
    zoo: Zoo, registry: Path, packaged: Path, arguments: list[str], code: int, message: str
) -> None:
    before = registry.read_text()
    # spoilt weights show that the files are not hashed before the arguments are checked
    (packaged / "model.safetensors").write_bytes(b"")
    result = zoo("registry", "add", *(packaged if a == "here" else a for a in arguments))
    assert result.code == code
    assert message in result.stderr.splitlines()[-1]
    assert registry.read_text() == before


@pytest.mark.parametrize(
    ("name", "replaced", "code", "message"),
    [
        ("model.safetensors", (b"F32", b"F32 "), 4, "the manifest says"),
        ("config.json", (b'"finished"', b'"interrupted"'), 6, "is unfinished: zoo resume"),
    ],
)
def test_a_damaged_or_unfinished_checkpoint_is_not_pinned(
    zoo: Zoo,
    registry: Path,
    packaged: Path,
    name: str,
    replaced: tuple[bytes, bytes],
    code: int,
    message: str,
) -> None:
    file = packaged / name
    file.write_bytes(file.read_bytes().replace(*replaced))
    result = zoo("registry", "add", packaged, SOURCE)
    assert result.code == code
    assert message in result.stderr
    assert registry.read_text() == "# what there is\nschema = 1\n"


def test_a_hub_entry_is_skipped_offline(zoo: Zoo, registry: Path, packaged: Path) -> None:
    arguments = ["registry", "add", packaged, "hub:owner/repo", "--revision", "0" * 40]
    assert zoo(*arguments).code == 0
    (row,) = zoo("registry", "verify", "--json").json
    assert row["verdict"] == "skipped"


def test_a_registry_without_checkpoints_is_said_to_have_none(zoo: Zoo, registry: Path) -> None:
    result = zoo("registry", "verify")
    assert (result.code, result.stdout) == (0, "")
    assert result.stderr == f"no checkpoints in {registry}\n"
    result = zoo("registry", "publish", "--namespace", "owner")
    assert (result.code, result.stdout) == (0, "")
    assert result.stderr == f"nothing to publish: {registry} has no checkpoint of a package\n"
    assert zoo("registry", "publish", "--namespace", "owner", "--json").json == []
