"""One line in a test file is the whole suite of checks."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch  # noqa: F401  # pytester forgets what its runs import, and torch is imported once

from tests.testing.examples import HOOK
from zoo_core.testing.pytest_plugin import distribution_of

pytest_plugins = ["pytester"]
LINE = "from zoo_core.testing import conformance\n"
PROJECT = '[project]\nname = "zoo-plugin-owl"\nversion = "1.0"\n'


def install(folder: Path, source: str = HOOK) -> None:
    """Writes a plugin with a command beside its tests, as ``pip install -e .`` leaves it."""
    info = folder / "zoo_plugin_owl-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo-plugin-owl\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[zoo]\nzoo-owl = zoo_owl_tested\n")
    (folder / "zoo_owl_tested.py").write_text(source)
    (folder / "pyproject.toml").write_text(PROJECT)


@pytest.fixture
def author(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """The folder of an author who has written a plugin and one line of tests."""
    monkeypatch.syspath_prepend(pytester.path)
    (pytester.path / "tests").mkdir()
    (pytester.path / "tests" / "test_owl.py").write_text(LINE)
    return pytester


def test_the_one_line_makes_a_test_of_every_check(author: pytest.Pytester) -> None:
    install(author.path)
    result = author.runpytest("-v")
    result.assert_outcomes(passed=9)
    result.stdout.fnmatch_lines(["*::conformance?plugin-zoo-owl-imports? PASSED*"])
    result.stdout.fnmatch_lines(["*::conformance?command-owl-hoot-summary? PASSED*"])


def test_a_failure_has_the_four_lines(
    author: pytest.Pytester,
) -> None:
    install(author.path, HOOK.replace("Hoots.", "hoots"))
    result = author.runpytest()
    result.assert_outcomes(passed=8, failed=1)
    result.stdout.fnmatch_lines(
        ["expected: *", "seen: 'hoots'", "smallest case: CommandSpec(*", "to fix it: Write one *"]
    )


def test_another_plugin_is_named_by_an_option(author: pytest.Pytester) -> None:
    result = author.runpytest("--zoo-plugin", "zoo-train", "-k", "plugin-zoo-train")
    result.assert_outcomes(passed=7, deselected=result.parseoutcomes()["deselected"])


def test_a_plugin_that_is_not_installed_is_named_with_the_remedy(author: pytest.Pytester) -> None:
    (author.path / "pyproject.toml").write_text(PROJECT)
    result = author.runpytest()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*no plugin 'zoo-plugin-owl'*install it: pip install -e .*"])


def test_without_a_project_the_option_is_required(author: pytest.Pytester) -> None:
    result = author.runpytest()
    result.stdout.fnmatch_lines(["*which plugin? name it: --zoo-plugin NAME*"])


def test_the_plugin_is_that_of_the_nearest_project(tmp_path: Path) -> None:
    inner = tmp_path / "owl" / "tests"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "whole"\n')
    assert distribution_of(inner / "test_owl.py") == "whole"
    (tmp_path / "owl" / "pyproject.toml").write_text("[tool.ruff]\n")
    assert distribution_of(inner / "test_owl.py") == "whole"
    (tmp_path / "owl" / "pyproject.toml").write_text(PROJECT)
    assert distribution_of(inner / "test_owl.py") == "zoo-plugin-owl"
