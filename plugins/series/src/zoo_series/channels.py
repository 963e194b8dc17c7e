"""The channels of a forecast: the values of a row, each of which is forecast by itself."""

from __future__ import annotations

import math
from typing import NamedTuple, final

from torch import Tensor

from zoo_core import Features, Signature
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn import Batch


@final
class Channels(NamedTuple):
    """Which features are forecast, and how far.

    Args:
        count: C, the features that are forecast, the first ones of a row; those after them are
            covariates.
        horizon: The rows of a forecast.
        width: W, the numbers of a forecast: C for its first row, then those of the next.
    """

    count: int
    horizon: int
    width: int

    def output(self, forecast: Tensor) -> Tensor:
        """Returns forecasts (B, C, horizon or more) in the order of the outputs, (B, W)."""
        return forecast.transpose(1, 2).flatten(1)[:, : self.width]


def channels_of(signature: Signature) -> Channels:
    """Returns the channels of a signature.

    They are the features that the outputs are named after, such as ``x`` of ``x+1``, and all
    features where the outputs have other names.
    """
    names = signature.inputs.names if isinstance(signature.inputs, Features) else ()
    forecast = set(signature.outputs.names)
    count = sum(f"{name}+1" in forecast for name in names) or signature.input_size
    width = signature.outputs.width
    return Channels(count, math.ceil(width / count), width)


def check_whole_rows(batch: Batch) -> None:
    """Checks that all rows of a batch have the same length.

    Raises:
        MisfitError: They have not.
    """
    if batch.lengths is not None:
        raise MisfitError("the model reads windows of one length, and this batch has others")
