"""Prints the folder of the distribution that a tag such as ``zoo-core-v0.2.0`` releases.

The release workflow runs it first, so that nothing is published under a version that the files do
not name.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path


def tagged_folder(root: Path, tag: str) -> Path:
    """Returns the folder of the distribution that a tag names.

    Raises:
        SystemExit: The tag is malformed, or its version is not the one of the files.
    """
    match = re.fullmatch(r"(zoo-[a-z0-9-]+)-v(\d+\.\d+\.\d+)", tag)
    if match is None:
        raise SystemExit(f"tag {tag!r}: write NAME-vVERSION, such as zoo-core-v0.2.0")
    name, version = match.groups()
    for settings in (*root.glob("*/pyproject.toml"), *root.glob("plugins/*/pyproject.toml")):
        project = tomllib.loads(settings.read_text("utf-8"))["project"]
        if project["name"] != name:
            continue
        if project["version"] != version:
            raise SystemExit(f"tag {tag!r}: its pyproject.toml says {project['version']}")
        changelog = (settings.parent / "CHANGELOG.md").read_text("utf-8")
        first = re.search(r"^## (.*)$", changelog, re.M)
        if first is None or first[1] != version:
            raise SystemExit(f"tag {tag!r}: the first section of its CHANGELOG.md is another")
        return settings.parent
    raise SystemExit(f"tag {tag!r}: no distribution {name}")


if __name__ == "__main__":
    sys.stdout.write(f"{tagged_folder(Path(__file__).parents[1], sys.argv[1])}\n")
