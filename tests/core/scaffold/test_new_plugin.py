"""A new plugin: complete for every choice of parts, and written in full or not at all."""

from __future__ import annotations

import ast
import itertools
import sys
import tomllib
from pathlib import Path

import pytest

from zoo_core.errors import RefusedError, TargetError
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.specs import AbstractSpec
from zoo_core.scaffold import new_plugin as scaffold
from zoo_core.scaffold.new_plugin import KINDS, WITHOUT_TEMPLATE, new_plugin
from zoo_core.scaffold.template_files import MARK, plugin_files

NOTHING = Catalog((), (), (), ())
CHOICES = [
    kinds for count in range(1, len(KINDS) + 1) for kinds in itertools.combinations(KINDS, count)
]
every_choice = pytest.mark.parametrize("kinds", CHOICES, ids="-".join)


@every_choice
def test_every_choice_of_parts_gives_complete_files(kinds: tuple[str, ...]) -> None:
    files = plugin_files("my-owl", kinds)
    for path, text in files.items():
        assert "quokka" not in (path + text).lower()
        assert not any(MARK.fullmatch(line) for line in text.splitlines() if "# [" in line)
        assert "<!--" not in text
        assert not text.endswith("\n\n")
        if path.endswith(".py"):
            assert ast.get_docstring(ast.parse(text)), path
        if path.endswith(".toml"):
            tomllib.loads(text)
    assert {"pyproject.toml", "README.md", "LICENSE", ".github/workflows/ci.yml"} <= set(files)
    assert {".gitattributes", ".gitignore"} <= set(files)
    assert "src/zoo_plugin_my_owl/py.typed" in files


@every_choice
def test_every_choice_of_parts_imports_what_it_uses_and_no_more(kinds: tuple[str, ...]) -> None:
    text = plugin_files("owl", kinds)["src/zoo_plugin_owl/plugin.py"]
    hooks = {f"zoo_{kind}s" for kind in kinds}
    tree = ast.parse(text)
    assert {node.name for node in tree.body if isinstance(node, ast.FunctionDef)} == hooks
    imported = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "zoo_core"
        for alias in node.names
    }
    assert imported == {f"{kind.capitalize()}Spec" for kind in kinds} | {"hookimpl"}


def test_a_new_plugin_loads_and_has_the_chosen_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_plugin(NOTHING, "sea-owl", KINDS, tmp_path, ())
    assert folder == tmp_path / "zoo-plugin-sea-owl"
    monkeypatch.syspath_prepend(folder / "src")
    plugin = Plugin("sea-owl", "zoo_plugin_sea_owl.plugin", "zoo-plugin-sea-owl", "0.1.0")
    catalog = load_catalog([plugin])
    assert not catalog.broken
    provided = {(type(entry.spec), entry.spec.name) for entry in catalog.entries}
    kinds = set(AbstractSpec.__subclasses__()) - set(WITHOUT_TEMPLATE)
    assert provided == {(kind, "sea-owl") for kind in kinds}
    assert not {"zoo_plugin_sea_owl.models", "zoo_plugin_sea_owl.command"} & set(sys.modules)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../owl", "a/b", "a\\b", "/tmp/owl", "Owl", "öwl", "my_owl", "my owl"),
        *("owl\n", "owl-", "-owl", "my--owl", "9owl", "owl.hello", "con", "nul", "com1", "lpt9"),
        "o" * 41,
    ],
)
def test_an_invalid_name_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(RefusedError, match="invalid plugin name"):
        new_plugin(NOTHING, name, ["model"], tmp_path, ())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "kind", "owner"),
    [
        ("lstm-embed", "model", "zoo-lstm"),
        ("hello", "dataset", "zoo-text"),
        ("supervised", "trainer", "zoo-train"),
        ("reference", "kernel", "zoo-core"),
        ("list", "command", "zoo-cli"),
    ],
)
def test_a_name_that_is_taken_is_refused(tmp_path: Path, name: str, kind: str, owner: str) -> None:
    with pytest.raises(RefusedError, match=f"{owner} already provides the {kind} '{name}'"):
        new_plugin(load_catalog(), name, [kind], tmp_path, ["list"])
    assert not list(tmp_path.glob("*zoo*"))


def test_a_name_of_another_kind_is_free(tmp_path: Path) -> None:
    assert new_plugin(load_catalog(), "hello", ["trainer"], tmp_path, ["list"]).is_dir()


def test_the_name_of_an_importable_package_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zoo_plugin_heron.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RefusedError, match="zoo-plugin-heron is already installed"):
        new_plugin(NOTHING, "heron", ["model"], tmp_path, ())


@pytest.mark.parametrize("what", ["folder", "file", "dangling link"])
def test_an_existing_target_is_left_alone(tmp_path: Path, what: str) -> None:
    target = tmp_path / "zoo-plugin-owl"
    if what == "folder":
        target.mkdir()
    elif what == "file":
        target.write_text("mine")
    else:
        target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(TargetError, match="already exists"):
        new_plugin(NOTHING, "owl", ["model"], tmp_path, ())
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    written: list[Path] = []

    def fail_at_the_fifth(path: Path, data: bytes) -> None:
        written.append(path)
        if len(written) == 5:
            raise error
        path.write_bytes(data)

    monkeypatch.setattr(scaffold, "write_new", fail_at_the_fifth)
    with pytest.raises((TargetError, KeyboardInterrupt)):
        new_plugin(NOTHING, "owl", ["model"], tmp_path, ())
    assert len(written) == 5
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TargetError, match="cannot write"):
        new_plugin(NOTHING, "owl", ["model"], tmp_path / "file", ())
