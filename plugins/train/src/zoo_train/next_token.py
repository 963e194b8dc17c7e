"""Training on the next symbol."""

from __future__ import annotations

import math
from itertools import islice
from typing import final

from torch import Tensor

from zoo_core import Signature
from zoo_core.errors import DataError, MisfitError
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.generation.generate import generate
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.training.trainer import AbstractTrainer, MetricSums
from zoo_train.configs import NextTokenConfig
from zoo_train.cross_entropy import mean_cross_entropy

SAMPLE = 50
"""Symbols that follow the prompt while training, as many as in the book."""


@final
class NextTokenTrainer(AbstractTrainer):
    """Cross entropy with the next symbol; loss, perplexity, bits per character, accuracy.

    Args:
        config: What a person chose.
        signature: Of data whose labels are the next symbols.

    Raises:
        MisfitError: The labels are something else.
    """

    config: NextTokenConfig

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

    def metrics(self, totals: MetricSums) -> dict[str, float]:
        """``loss`` in nats, ``perplexity`` = exp(loss), ``bits_per_character``, ``accuracy``."""
        loss = totals.loss / totals.targets
        return {
            "loss": loss,
            "perplexity": math.exp(min(loss, 700.0)),
            "bits_per_character": loss / math.log(2),
            "accuracy": totals.correct / totals.targets,
        }

    def sample(self, model: AbstractModel, dataset: AbstractDataset, epoch: int) -> str:
        """Every so many epochs, the prompt and the likeliest symbols after it.

        The prompt warms the state up; each symbol is fed back.

        Raises:
            DataError: The prompt has symbols that the vocabulary lacks.
            MisfitError: The prompt is too short for the model.
        """
        prompt, vocabulary = self.config.prompt, dataset.signature.vocabulary
        if prompt is None or vocabulary is None or epoch % self.config.prompt_every:
            return ""
        training, device = model.training, next(model.parameters()).device
        try:
            warm_up = dataset.encode(prompt).to(str(device))
        except DataError as error:
            reason = str(error).partition(";")[0]
            raise DataError(f"trainer.prompt = {prompt!r:.80}: {reason}") from None
        model.eval()
        ids = generate(model, warm_up, Sampler(temperature=0.0))
        text: str = prompt + vocabulary.decode(islice(ids, SAMPLE))
        model.train(training)
        return text
