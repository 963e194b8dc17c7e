"""What the page shows of a model, recipe, dataset, trainer or checkpoint."""

from __future__ import annotations

import pytest

from zoo_core.plugins.catalog import load_catalog
from zoo_core.runtime.describe import describe

pytestmark = pytest.mark.full


def test_the_checkpoints_of_a_model_are_a_table() -> None:
    from zoo_ui.gallery import shown_facts

    shown = shown_facts(describe(load_catalog(), "lstm-embed"))
    assert '<th scope="row">python-docs</th><td>bits/char 1.77</td><td>326,727</td>' in shown


@pytest.mark.parametrize("name", ["cfc", "lstm-embed.hello", "parity", "task"])
def test_nothing_is_shown_as_a_value_of_python(name: str) -> None:
    from zoo_ui.gallery import shown_facts

    assert "{&#39;" not in shown_facts(describe(load_catalog(), name))
