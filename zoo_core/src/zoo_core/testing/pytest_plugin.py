"""The pytest plugin: finds the zoo plugin under test and makes a test of every check."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, final

from zoo_core.testing.checked_part import CheckedPart, Result

if TYPE_CHECKING:
    import pytest


@final
class CheckItem(NamedTuple):
    """One check of one subject."""

    subject: CheckedPart
    check: str

    def result(self) -> Result:
        """What the check says."""
        return self.subject.result(self.check)

    def label(self) -> str:
        """What pytest calls it, such as ``model-lstm-embed-causality``."""
        return f"{self.subject.name}-{self.check}".replace(" ", "-")


def conformance(trial: CheckItem) -> None:
    """One check of one part of the plugin whose tests run; pytest makes a test of each."""
    import pytest

    result = trial.result()
    if result.verdict == "skipped":
        pytest.skip(result.seen)
    if result.verdict == "failed":
        pytest.fail(result.in_words(), pytrace=False)


# pytest collects what has this attribute in every test file that imports it, whatever its name.
setattr(conformance, "__test__", True)  # noqa: B010  # mypy knows no such attribute


def check_items(name: str) -> list[CheckItem]:
    """Every check of every part of an installed plugin.

    Raises:
        NotFoundError: There is no such plugin.
    """
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.testing.suite import checked_parts, find_plugin

    catalog = load_catalog()
    every = checked_parts(catalog, find_plugin(catalog, name))
    return [CheckItem(subject, check) for subject in every for check in subject.checks]


def distribution_of(test_file: Path) -> str:
    """The distribution whose tests lie in a file: that of the nearest ``pyproject.toml`` above it.

    Returns:
        Its name, or nothing if no ``pyproject.toml`` names a project.
    """
    for folder in test_file.parents:
        if (folder / "pyproject.toml").is_file():
            project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8")).get("project")
            if project:
                return str(project.get("name", ""))
    return ""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds ``--zoo-plugin NAME``."""
    parser.getgroup("zoo").addoption(
        "--zoo-plugin",
        metavar="NAME",
        help="The installed plugin that conformance looks at; default: the one whose tests run.",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Makes a test of every check where a test file has ``conformance``."""
    if metafunc.function is not conformance:
        return
    import pytest

    from zoo_core.errors import NotFoundError

    name = metafunc.config.getoption("--zoo-plugin") or distribution_of(metafunc.definition.path)
    if not name:
        raise pytest.UsageError("which plugin? name it: --zoo-plugin NAME")
    try:
        found = check_items(name)
    except NotFoundError as error:
        raise pytest.UsageError(f"{error}; install it: pip install -e .") from None
    metafunc.parametrize("trial", found, ids=[each.label() for each in found])
