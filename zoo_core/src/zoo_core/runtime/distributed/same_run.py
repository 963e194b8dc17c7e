"""A check, before training, that all processes of a run hold the same run."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

from zoo_core.errors import ProcessError, RefusedError
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.distributed.processes import AbstractProcesses

SHOWN_DIGITS = 12
"""Digits of a fingerprint, enough to tell two apart."""


def check_same(
    processes: AbstractProcesses,
    run_config: RunConfig,
    versions: Mapping[str, str],
    fingerprint: str,
) -> None:
    """Compares the run of every process with that of the first one.

    Args:
        processes: The processes.
        run_config: Everything that decides the run here.
        versions: The versions of python, torch and the distributions here.
        fingerprint: The hash of the data here.

    Raises:
        ProcessError: A process differs, with its host and what differs.
    """
    facts = {
        "host": socket.gethostname(),
        "data": fingerprint,
        "versions": dict(versions),
        "settings": run_config.to_json(),
    }
    first, *others = processes.collect(facts)
    for rank, other in enumerate(others, start=1):
        if differences := _differences(first, other):
            raise ProcessError(
                f"process {rank} on {other['host']} differs from process 0 on {first['host']}: "
                f"{'; '.join(differences)}; make them equal and start again",
                RefusedError.exit_code,
            )


def _differences(first: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Returns what differs between the facts of two processes, in words."""
    differences = []
    for name in sorted(first["versions"].keys() | other["versions"].keys()):
        here, there = first["versions"].get(name), other["versions"].get(name)
        if here != there:
            differences.append(f"{name} is {there or 'missing'} (was {here or 'missing'})")
    if first["data"] != other["data"]:
        there, here = other["data"][:SHOWN_DIGITS], first["data"][:SHOWN_DIGITS]
        differences.append(f"the fingerprint of the data is {there} (was {here})")
    settings = RunConfig.from_json(other["settings"])
    origin = RunConfig.from_json(first["settings"])
    differences += settings.changes_since(origin)
    for name in ("device", "backend"):
        here, there = getattr(origin, name), getattr(settings, name)
        if here != there:
            differences.append(f"{name} is {there} (was {here})")
    return [line.replace(" (was ", " (there ") for line in differences]
