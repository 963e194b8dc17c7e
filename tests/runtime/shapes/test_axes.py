"""Axes are named by building a model with other sizes, which the model may refuse."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from zoo_core.errors import ConfigError
from zoo_core.runtime.shapes.axes import name_axes
from zoo_core.runtime.shapes.tracing import TracedTensor


@pytest.mark.parametrize("error", [ConfigError, RuntimeError, ValueError, AssertionError])
def test_an_axis_is_named_whatever_a_model_raises_for_a_size_that_it_refuses(
    error: type[Exception],
) -> None:
    def probe(sizes: Mapping[str, int]) -> list[TracedTensor]:
        if sizes["H"] > 4:
            raise error("four units at most")
        return [TracedTensor("hidden", "activation", (sizes["B"], sizes["H"]))]

    ((_, axes),) = name_axes(probe, {"B": 2, "H": 4})
    assert axes == ("B", "H")
