"""Values of a flag of ``zoo sweep``."""

from __future__ import annotations

import pytest

from zoo_cli.parsing.swept_settings import split_values


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1"], ["1"]),
        (["1,2"], ["1", "2"]),
        ([r"1,2\,5"], ["1", "2,5"]),
        (["a,b", "c"], ["a,b", "c"]),
        ([""], [""]),
    ],
)
def test_a_comma_separates_values_unless_it_is_kept(texts: list[str], values: list[str]) -> None:
    assert split_values(texts) == values
