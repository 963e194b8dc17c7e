"""Training on the next symbol."""

from __future__ import annotations

import math
from typing import final

from torch import Tensor
from zoo_core.errors import MisfitError
from zoo_core.runtime.batch import Batch, Output
from zoo_core.runtime.trainer import AbstractTrainer, Totals

from zoo_core import Signature
from zoo_train.configs import NextTokenConfig
from zoo_train.cross_entropy import mean_cross_entropy


@final
class NextTokenTrainer(AbstractTrainer):
    """Cross entropy with the next symbol; loss, perplexity, bits per character, accuracy.

    Args:
        config: What a person chose.
        signature: Of data whose labels are the next symbols.

    Raises:
        MisfitError: The labels are something else.
    """

    def __init__(self, config: NextTokenConfig, signature: Signature) -> None:
        if not signature.next_symbol:
            raise MisfitError(
                "next-token trains on the next symbol, and this data has other labels; "
                "use --trainer supervised"
            )
        self.config = config
        self.carries_state = config.carry_state

    def loss(self, output: Output, batch: Batch) -> Tensor:
        """The mean cross entropy, in nats."""
        return mean_cross_entropy(output, batch)

    def metrics(self, totals: Totals) -> dict[str, float]:
        """``loss`` in nats, ``perplexity`` = exp(loss), ``bits_per_character``, ``accuracy``."""
        loss = totals.loss / totals.targets
        return {
            "loss": loss,
            "perplexity": math.exp(min(loss, 700.0)),
            "bits_per_character": loss / math.log(2),
            "accuracy": totals.correct / totals.targets,
        }
