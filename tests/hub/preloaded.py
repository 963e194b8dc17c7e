"""What most commands on the Hub import, for the fork server alone."""

from __future__ import annotations

from importlib import import_module

import torch._dynamo  # noqa: F401  # which loading a model of some plugins imports

from zoo_core.plugins.entry_points import entry_points

ENTRY_POINTS = entry_points("zoo")
"""The installed plugins, which every command would read anew."""
for _module in (
    "zoo_cli.commands.predict",
    "zoo_cli.commands.pull",
    "zoo_cli.commands.push",
    "zoo_core.runtime.api",
    "zoo_core.runtime.hub.publish",
    "zoo_core.runtime.hub.pull",
    *(point.value for point in ENTRY_POINTS),
):
    import_module(_module)
