"""Distributions that are installed from a folder, which is used as it is."""

from __future__ import annotations

from pathlib import Path


def editable_folder(distribution: str) -> str:
    """Returns the folder of a distribution that is installed in editable mode, or nothing."""
    import json
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import distribution as find_distribution
    from urllib.parse import unquote, urlsplit

    try:
        origin = json.loads(find_distribution(distribution).read_text("direct_url.json") or "{}")
        is_editable = origin.get("dir_info", {}).get("editable")
        return unquote(urlsplit(origin["url"]).path) if is_editable else ""
    except (PackageNotFoundError, ValueError, KeyError, AttributeError, TypeError, OSError):
        return ""  # an interrupted uninstall, or metadata that no installer wrote


def folder_in_checkout(distribution: str) -> str:
    """Returns the folder of one of the zoo's own plugins, if the zoo runs from a checkout.

    The package index may have something else of that name.
    """
    core = editable_folder("zoo-core")
    files = Path(core).parent.glob("plugins/*/pyproject.toml") if core else ()
    own = {f"zoo-{file.parent.name}": str(file.parent) for file in files}
    return own.get(distribution, "")
