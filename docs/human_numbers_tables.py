"""The tables of ``human-numbers.md``, of the recipes and the measured results."""

from __future__ import annotations

from pathlib import Path

from zoo_core.plugins.catalog import load_catalog
from zoo_core.recipes.recipe import list_recipes
from zoo_core.recipes.reproduction import FAILURES, read_reproduction

REPRODUCTION = Path(__file__).parent / "results" / "reproduction.json"
BOOK = {
    "word-loop.human-numbers": "a loop over three words, with one output",
    "word-loop.human-numbers-stateful": "its state goes on from window to window",
    "word-loop.human-numbers-every-step": "an output at every step, windows of 16",
    "rnn-embed.human-numbers": "two layers of `nn.RNN`",
    "lstm-embed.human-numbers-2-layers": "two layers of LSTM",
    "lstm-embed.human-numbers": "dropout, AR and TAR, tied weights, weight decay",
}
COURSE = {
    "word-three.human-numbers-course": "three words unrolled by hand",
    "word-three.human-numbers-course-loop": "the same as a loop",
    "batch-norm.human-numbers-course": "an output at every step, windows of 20",
    "batch-norm.human-numbers-course-stateful": "its state goes on from window to window",
    "batch-norm.human-numbers-course-rnn": "one layer of `nn.RNN`",
    "batch-norm.human-numbers-course-gru": "two layers of GRU",
}
"""What each rung changes, by its recipe."""


def ladder(rungs: dict[str, str]) -> str:
    """Returns the table of a ladder: what was published, what was reached, and what was missed."""
    results = {result.recipe: result for result in read_reproduction(REPRODUCTION)}
    recipes = {recipe.name: recipe for recipe in list_recipes(load_catalog())}
    lines = [
        "| rung | recipe | epochs, rate | published | reached | verdict | seconds |",
        "| --- | --- | --- | --- | --- | --- | ---: |",
    ]
    missed = []
    for name, rung in rungs.items():
        recipe, result = recipes[name], results.get(name)
        trainer = recipe.tables["trainer"]
        published = recipe.published.in_words() if recipe.published else ""
        cells = [rung, f"`{name}`", f"{trainer['epochs']}, {trainer['learning_rate']:g}", published]
        if result is None:
            cells += ["", "not run", ""]
        else:
            runs = max(len(result.seeds), 1)
            cells += [
                result.measured_in_words(),
                result.verdict,
                f"{result.seconds / runs:.0f}",
            ]
            if result.verdict in FAILURES:
                missed.append(f"`{name}` {result.verdict}: {result.reason}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n\n".join(["\n".join(lines), *missed])
