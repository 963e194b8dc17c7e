"""What is installed, by the names of distributions."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distributions, version

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


def installed_version(distribution: str) -> str:
    """Returns the installed version of a distribution, or an empty string."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def installed_versions() -> dict[str, str]:
    """Returns the version of every installed distribution, by its canonical name."""
    return {canonicalize_name(installed.name): installed.version for installed in distributions()}


def is_satisfied(requirement: str) -> bool:
    """Whether a requirement such as ``zoo-gru>=1`` is installed; False for a path or a URL."""
    try:
        parsed = Requirement(requirement)
    except InvalidRequirement:
        return False
    if parsed.url or parsed.extras:
        return False
    found = installed_version(parsed.name)
    return bool(found) and parsed.specifier.contains(found, prereleases=True)


def needed_by(distribution: str) -> list[str]:
    """Returns the installed distributions that require a distribution, sorted.

    Requirements of extras do not count.
    """
    name = canonicalize_name(distribution)
    return sorted(
        {
            installed.name
            for installed in distributions()
            for requirement in installed.requires or ()
            if "extra ==" not in requirement and _required_name(requirement) == name
        }
    )


def _required_name(requirement: str) -> str:
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:  # metadata of an old package
        return ""
