"""What is installed, by the names of distributions."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distributions, version

REQUIRED = re.compile(r"[^\w.-]", re.ASCII)


def installed_version(distribution: str) -> str:
    """The version that is installed, or empty."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def needed_by(distribution: str) -> list[str]:
    """The installed distributions that name one among their requirements, sorted."""
    expected = normal(distribution)
    return sorted(
        {
            str(each.metadata["Name"])
            for each in distributions()
            for requirement in each.requires or ()
            if "extra ==" not in requirement and normal(REQUIRED.split(requirement)[0]) == expected
        }
    )


def normal(name: str) -> str:
    """A distribution's name in the form in which all its spellings are the same."""
    return re.sub(r"[-_.]+", "-", name).lower()
