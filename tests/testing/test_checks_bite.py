"""Every check fails the example that breaks its rule, and no other check does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.testing.examples import FAULTY, HOOK, PLUGINS, faulty_catalog, wrong_examples
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.discovery import Plugin
from zoo_core.testing.checked_part import CheckedPart, Result
from zoo_core.testing.suite import checked_parts, every_check

CHECKS = {kind: [each.name for each in checks] for kind, checks in every_check().items()}
PARTS = [name for kind, names in CHECKS.items() for name in names if kind != "plugins"]
HONEST = (
    "model honest-model",
    "model honest-matrix",
    "model tied-model",
    "dataset honest-data",
    "dataset honest-file",
    "trainer honest-trainer",
    "kernel honest-kernel",
)


@pytest.fixture(scope="module")
def parts() -> dict[str, CheckedPart]:
    """Every part of the faulty plugin by its name."""
    return {each.name: each for each in checked_parts(faulty_catalog(), FAULTY)}


def results_of(parts: dict[str, CheckedPart], check: str) -> list[Result]:
    """What every check says of the part that breaks one rule."""
    wrong = f"wrong-{check}"
    (found,) = (each for name, each in parts.items() if name.endswith((f" {wrong}", f".{wrong}")))
    return list(found.results())


def failed(results: list[Result]) -> list[str]:
    """Which checks failed."""
    return [each.check for each in results if each.verdict == "failed"]


def told(result: Result) -> bool:
    """Whether a failure says all that it should."""
    return all([result.expected, result.seen, result.case, result.remedy, result.rule])


def test_every_check_has_a_name_and_an_example_of_its_own() -> None:
    names = [name for checks in CHECKS.values() for name in checks]
    assert len(set(names)) == len(names) > 35
    assert wrong_examples().keys() >= set(names)


@pytest.mark.parametrize("check", PARTS)
def test_a_part_that_breaks_one_rule_fails_that_check_alone(
    parts: dict[str, CheckedPart], check: str
) -> None:
    found = results_of(parts, check)
    assert failed(found) == [check]
    assert all(told(each) for each in found if each.verdict == "failed")


@pytest.mark.parametrize("name", [*HONEST, "recipe honest-model.honest"])
def test_an_honest_part_fails_none(parts: dict[str, CheckedPart], name: str) -> None:
    found = list(parts[name].results())
    assert failed(found) == []
    assert sum(each.verdict == "ok" for each in found) > len(found) // 2


def write_plugin(folder: Path, name: str, source: str) -> Plugin:
    """A plugin of one module."""
    (folder / f"{name}.py").write_text(source)
    return Plugin(name.replace("_", "-"), name, name.replace("_", "-"), "1.0")


def whole(catalog: Catalog, plugin: Plugin) -> list[Result]:
    """What is said of a plugin as a whole."""
    return list(next(checked_parts(catalog, plugin)).results())


@pytest.mark.parametrize("check", CHECKS["plugins"])
def test_a_plugin_that_breaks_one_rule_fails_that_check_alone(
    check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    name = f"zoo_wrong_{check.replace('-', '_')}"
    wrong = write_plugin(tmp_path, name, PLUGINS[check].source)
    other = write_plugin(tmp_path, f"{name}_other", HOOK.replace("owl-hoot", "taken"))
    found = whole(load_catalog([wrong, other]), wrong)
    assert failed(found) == [check]
    assert all(told(each) for each in found if each.verdict == "failed")


def test_a_plugin_that_keeps_the_rules_fails_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    owl = write_plugin(tmp_path, "zoo_right_owl", HOOK)
    assert {each.verdict for each in whole(load_catalog([owl]), owl)} == {"ok"}


@pytest.mark.parametrize(
    ("source", "check", "seen"),
    [
        (HOOK.replace("owl-hoot", "Owl"), "names", "names are lower case"),
        (HOOK.replace("@hookimpl", ""), "hooks", "zoo_commands is no hook"),
        (HOOK + "\nraise SystemExit", "imports", "Exit"),
        (HOOK.replace("ZOO_API = 2", ""), "api-version", "names no plugin API"),
        (HOOK.partition("return")[0] + "return []", "return-types", "empty lists"),
        (HOOK.replace("zoo_commands()", "zoo_commands(config)"), "hooks", "config"),
    ],
)
def test_other_ways_to_break_the_rule(
    source: str, check: str, seen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    name = f"zoo_other_{tmp_path.name}".replace("-", "_")
    wrong = write_plugin(tmp_path, name, source)
    found = whole(load_catalog([wrong]), wrong)
    assert failed(found) == [check]
    assert seen in next(each.seen for each in found if each.verdict == "failed")


def test_a_recipe_that_is_no_toml_fails_its_own_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "zoo_untidy"
    (folder / "recipes").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "plugin.py").write_text(HOOK)
    (folder / "recipes" / "owl.bad.toml").write_text("seed = ")
    plugin = Plugin("zoo-untidy", "zoo_untidy.plugin", "zoo-untidy", "1.0")
    every = {each.name: each for each in checked_parts(load_catalog([plugin]), plugin)}
    found = list(every["recipe owl.bad"].results())
    assert failed(found) == ["recipe-plan"]
    assert "not valid TOML" in found[0].seen
