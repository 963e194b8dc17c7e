"""The pytest plugin: finds the zoo plugin under test and makes one test of every check."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, final

from zoo_core.testing.checked_part import CheckedPart, Result

if TYPE_CHECKING:
    import pytest


@final
class CheckItem(NamedTuple):
    """One check of one part.

    Args:
        part: The part.
        check: The check's name.
    """

    part: CheckedPart
    check: str

    def result(self) -> Result:
        """Runs the check and returns its result."""
        return self.part.result(self.check)

    def label(self) -> str:
        """Returns the test's id, such as ``model-lstm-embed-causality``."""
        return f"{self.part.name}-{self.check}".replace(" ", "-")


def conformance(item: CheckItem) -> None:
    """Tests one check of one part of the plugin under test; pytest calls it for every check."""
    import pytest

    result = item.result()
    if result.verdict == "skipped":
        pytest.skip(result.seen)
    if result.verdict == "failed":
        pytest.fail(result.describe(), pytrace=False)


# pytest collects what has this attribute in every test file that imports it, whatever its name.
setattr(conformance, "__test__", True)  # noqa: B010  # mypy knows no such attribute


def check_items(name: str) -> list[CheckItem]:
    """Lists every check of every part of an installed plugin.

    Args:
        name: The name of the plugin or of its distribution.

    Returns:
        The items, in the order of the parts.

    Raises:
        NotFoundError: No installed plugin has the name.
    """
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.testing.suite import checked_parts, find_plugin

    catalog = load_catalog()
    parts = checked_parts(catalog, find_plugin(catalog, name))
    return [CheckItem(part, check) for part in parts for check in part.checks]


def distribution_of(test_file: Path) -> str:
    """Finds the distribution that a test file belongs to.

    Args:
        test_file: The file.

    Returns:
        The project name in the nearest ``pyproject.toml`` above the file that has one, else "".
    """
    for folder in test_file.parents:
        if (folder / "pyproject.toml").is_file():
            project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8")).get("project")
            if project:
                return str(project.get("name", ""))
    return ""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option ``--zoo-plugin NAME``."""
    parser.getgroup("zoo").addoption(
        "--zoo-plugin",
        metavar="NAME",
        help="The installed plugin to check; default: the one that the test file belongs to.",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Makes one test of every check in a test file that imports ``conformance``.

    Raises:
        pytest.UsageError: No plugin is named, or it is not installed.
    """
    if metafunc.function is not conformance:
        return
    import pytest

    from zoo_core.errors import NotFoundError

    name = metafunc.config.getoption("--zoo-plugin") or distribution_of(metafunc.definition.path)
    if not name:
        raise pytest.UsageError("which plugin? name it: --zoo-plugin NAME")
    try:
        items = check_items(name)
    except NotFoundError as error:
        raise pytest.UsageError(f"{error}; install it: pip install -e .") from None
    metafunc.parametrize("item", items, ids=[item.label() for item in items])
