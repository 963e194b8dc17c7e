"""Several seeds on the command line."""

from __future__ import annotations

import re
from typing import Any, final

import click

from zoo_core.recipes.resolve import SEED_COUNT
from zoo_core.sweeps.grid import MAX_RUNS

_PART = re.compile(r"(\d{1,10})(?:-(\d{1,10}))?", re.ASCII)


@final
class Seeds(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.5 on only
    """Seeds such as ``0-4``, ``0,1,2`` or ``0-2,7``."""

    name = "seeds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Returns the seeds in their order, each once."""
        if isinstance(value, tuple):
            return value
        seeds: dict[int, None] = {}
        for part in str(value).split(","):
            match = _PART.fullmatch(part.strip())
            first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
            if not first <= last < SEED_COUNT:
                self.fail(f"{str(value)!r:.80}: write 0-4, 0,1,2 or 0-2,7", param, ctx)
            if last - first >= MAX_RUNS:
                self.fail(f"{part!r:.80}: at most {MAX_RUNS:,} seeds", param, ctx)
            seeds |= dict.fromkeys(range(first, last + 1))
        return tuple(seeds)


seeds_option = click.option(
    "--seeds",
    metavar="SEEDS",
    type=Seeds(),
    help="Seeds, such as 0-4 or 0,1,2.  [default: that of --seed, else the recipe's, else 0]",
)
