"""A question about a model that trains in an instant."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.sweeps.asking import Asked
from zoo_core.sweeps.checking import check_question
from zoo_core.sweeps.question import Question

Ask = Callable[..., Question]


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The installed plugins."""
    return load_catalog()


@pytest.fixture
def ask(catalog: Catalog) -> Ask:
    """``ask({"model.hidden_size": [3, 4]}, seeds=(0, 1))``: a question about ``hello``."""

    def make(
        values: dict[str, list[object]] | None = None,
        ranges: dict[str, str] | None = None,
        *,
        seeds: tuple[int, ...] = (0,),
        random: int = 0,
        reference: str = "rnn-cell.hello",
        budget: float = 0.0,
    ) -> Question:
        asked = Asked(values or {}, ranges or {}, random)
        resolved = resolve_run(catalog, reference)
        run_config = resolved.run_config(asked.first(), budget=budget)
        return check_question(catalog, asked.question(resolved, run_config, seeds))

    return make
