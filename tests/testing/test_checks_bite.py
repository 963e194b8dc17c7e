"""Every check fails the example that breaks its rule, and no other check fails it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.testing.examples import FAULTY, HOOK, PLUGINS, faulty_catalog, wrong_examples
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.discovery import Plugin
from zoo_core.testing.checked_part import CheckedPart, Result
from zoo_core.testing.suite import checked_parts, every_check

CHECKS = {kind: [check.name for check in checks] for kind, checks in every_check().items()}
CHECKS_OF_PARTS = [name for kind, names in CHECKS.items() for name in names if kind != "plugins"]
HONEST = (
    "model honest-model",
    "model honest-matrix",
    "model tied-model",
    "dataset honest-data",
    "dataset honest-file",
    "dataset dict-data",
    "trainer honest-trainer",
    "trainer dict-trainer",
    "kernel honest-kernel",
    "logger honest-logger",
    "recipe honest-model.honest",
)


@pytest.fixture(scope="module")
def parts() -> dict[str, CheckedPart]:
    """Every part of the faulty plugin by its name."""
    return {part.name: part for part in checked_parts(faulty_catalog(), FAULTY)}


def failures(results: list[Result]) -> list[Result]:
    """Returns the results that failed; each must have every field."""
    failed = [result for result in results if result.verdict == "failed"]
    assert all(all(result) for result in failed)
    return failed


def results_of(part: CheckedPart, timed: str = "") -> list[Result]:
    """Returns the results of all checks but two, one of which may be given.

    What a machine is busy with decides whether a kernel pays, and long sequences take a second.
    """
    left_out = {"kernel-pays", "long-sequences"} - {timed}
    return [part.result(name) for name in part.checks if name not in left_out]


def failed_checks(results: list[Result]) -> list[str]:
    """Returns the names of the checks that failed."""
    return [result.check for result in failures(results)]


def test_every_check_has_a_name_and_an_example_of_its_own() -> None:
    names = [name for checks in CHECKS.values() for name in checks]
    assert len(set(names)) == len(names) > 35
    assert wrong_examples().keys() >= set(names)


@pytest.mark.gate
@pytest.mark.parametrize("check", CHECKS_OF_PARTS)
def test_a_part_that_breaks_one_rule_fails_that_check_alone(
    parts: dict[str, CheckedPart], check: str
) -> None:
    endings = (f" wrong-{check}", f".wrong-{check}")
    (part,) = (part for name, part in parts.items() if name.endswith(endings))
    assert failed_checks(results_of(part, timed=check)) == [check]


@pytest.mark.gate
@pytest.mark.parametrize("name", HONEST)
def test_a_part_that_keeps_the_rules_fails_no_check(
    parts: dict[str, CheckedPart], name: str
) -> None:
    results = results_of(parts[name])
    assert failures(results) == []
    assert sum(result.verdict == "ok" for result in results) > len(results) // 2


@pytest.fixture
def module_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that modules can be imported from."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def write_plugin(folder: Path, name: str, source: str) -> Plugin:
    """Writes a plugin of one module."""
    (folder / f"{name}.py").write_text(source)
    return Plugin(name.replace("_", "-"), name, name.replace("_", "-"), "1.0")


def check_whole(plugin: Plugin, *others: Plugin) -> list[Result]:
    """Returns the results of the checks of a plugin as a whole, among some others."""
    return list(next(checked_parts(load_catalog([plugin, *others]), plugin)).results())


@pytest.mark.parametrize("check", CHECKS["plugins"])
def test_a_plugin_that_breaks_one_rule_fails_that_check_alone(
    check: str, module_folder: Path
) -> None:
    name = f"zoo_wrong_{check.replace('-', '_')}"
    wrong = write_plugin(module_folder, name, PLUGINS[check].source)
    other = write_plugin(module_folder, f"{name}_other", HOOK.replace("owl-hoot", "taken"))
    assert failed_checks(check_whole(wrong, other)) == [check]


def test_a_plugin_that_keeps_the_rules_passes_every_check(module_folder: Path) -> None:
    owl = write_plugin(module_folder, "zoo_right_owl", HOOK)
    assert {result.verdict for result in check_whole(owl)} == {"ok"}


@pytest.mark.parametrize(
    ("source", "check", "seen"),
    [
        (HOOK.replace("owl-hoot", "Owl"), "names", "names are lower case"),
        (HOOK.replace("@hookimpl", ""), "hooks", "zoo_commands is not a hook"),
        (HOOK + "\nraise SystemExit", "imports", "Exit"),
        (HOOK.replace("ZOO_API = 3", ""), "api-version", "names no plugin API"),
        (HOOK.partition("return")[0] + "return []", "return-types", "empty lists"),
        (HOOK.replace("zoo_commands()", "zoo_commands(config)"), "hooks", "config"),
        (HOOK.replace("summary=", "summary=3 or "), "return-types", "summary = 3: expected a text"),
    ],
)
def test_other_ways_to_break_a_rule_of_plugins(
    source: str, check: str, seen: str, module_folder: Path
) -> None:
    name = f"zoo_other_{module_folder.name}".replace("-", "_")
    (failure,) = failures(check_whole(write_plugin(module_folder, name, source)))
    assert failure.check == check
    assert seen in failure.seen


def test_a_recipe_that_is_not_toml_fails_its_own_check(module_folder: Path) -> None:
    folder = module_folder / "zoo_untidy"
    (folder / "recipes").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "plugin.py").write_text(HOOK)
    (folder / "recipes" / "owl.bad.toml").write_text("seed = ")
    plugin = Plugin("zoo-untidy", "zoo_untidy.plugin", "zoo-untidy", "1.0")
    parts = {part.name: part for part in checked_parts(load_catalog([plugin]), plugin)}
    (failure,) = failures(list(parts["recipe owl.bad"].results()))
    assert failure.check == "recipe-plan"
    assert "not valid TOML" in failure.seen
