"""The tables of recipes with a published figure in ``tasks.md`` and ``music.md``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from zoo_core.plugins.catalog import load_catalog
from zoo_core.recipes.recipe import list_recipes
from zoo_core.recipes.reproduction import FAILURES, read_reproduction

REPRODUCTION = Path(__file__).parent / "results" / "reproduction.json"
NOT_RUN = "not run"


def published_table(names: Iterable[str]) -> str:
    """Returns a row for each recipe, and below the table why a figure was missed.

    Args:
        names: The recipes, in the order of the rows; each has a published figure.
    """
    results = {result.recipe: result for result in read_reproduction(REPRODUCTION)}
    recipes = {recipe.name: recipe for recipe in list_recipes(load_catalog())}
    lines = [
        "| recipe | metric (split) | published | ours | verdict | seconds |",
        "| --- | --- | ---: | ---: | --- | ---: |",
    ]
    missed = []
    for name in names:
        published, result = recipes[name].published, results.get(name)
        assert published is not None, "a recipe of this table has a published figure"
        cells = [f"`{name}`", f"{published.metric} ({published.split})", published.in_words()]
        if result is None:
            cells += ["", NOT_RUN, ""]
        else:
            cells += [result.measured_in_words(), result.verdict, result.seconds_in_words()]
            if result.verdict in FAILURES:
                missed.append(f"`{name}` {result.verdict}: {result.reason}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n\n".join(["\n".join(lines), *missed])
