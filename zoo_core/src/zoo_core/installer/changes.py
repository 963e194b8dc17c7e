"""What an installer would change, read from what it says."""

from __future__ import annotations

import json
import re
from typing import NamedTuple, final

from zoo_core.errors import PluginError
from zoo_core.installer.packages import installed_version

UV_LINE = re.compile(r" (?P<sign>[+~-]) (?P<name>[\w.-]+)(?:==| @ )(?P<version>\S+).*", re.ASCII)


@final
class Change(NamedTuple):
    """What becomes of one distribution.

    Args:
        name: Of the distribution.
        before: Its version, or empty if it is not there.
        after: The same; where that is known only once it is built, the address it comes from.
    """

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        """As lists of changes show it."""
        if not self.before:
            return f"+ {self.name} {self.after}"
        if not self.after:
            return f"- {self.name} {self.before}"
        return f"~ {self.name} {self.before} → {self.after}"


def pip_changes(report: str) -> list[Change]:
    """The changes in a report of pip's.

    Raises:
        PluginError: It is none.
    """
    try:
        found = [each["metadata"] for each in json.loads(report)["install"]]
        names = [(str(each["name"]), str(each["version"])) for each in found]
    except (ValueError, KeyError, TypeError) as error:
        raise PluginError(f"pip's report is not readable: {error}; upgrade pip") from None
    return [Change(name, installed_version(name), after) for name, after in names]


def uv_changes(said: str) -> list[Change]:
    """Uv writes ``- name==1`` and ``+ name==2`` for a change, ``~ name==1`` for a new build."""
    versions: dict[str, dict[str, str]] = {}
    for match in filter(None, map(UV_LINE.fullmatch, said.splitlines())):
        signs = versions.setdefault(match["name"], {})
        for sign in "-+" if match["sign"] == "~" else match["sign"]:
            signs[sign] = match["version"]
    return [Change(name, each.get("-", ""), each.get("+", "")) for name, each in versions.items()]
