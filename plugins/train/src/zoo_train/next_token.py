"""Training on the next symbol."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import islice
from typing import final

from torch import Tensor

from zoo_core import Signature
from zoo_core.errors import DataError, MisfitError
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.generation.generate import generate
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.nn import AbstractModel, Batch, Output
from zoo_core.runtime.training.trainer import AbstractTrainer, class_sums
from zoo_train.configs import NextTokenConfig
from zoo_train.cross_entropy import mean_cross_entropy

SAMPLE_LENGTH = 50
"""Symbols that follow the prompt, as in Dive into Deep Learning."""


@final
class NextTokenTrainer(AbstractTrainer):
    """Cross entropy with the next symbol.

    Metrics are loss, perplexity, bits per character and accuracy.

    Args:
        config: Settings of the trainer.
        signature: Signature of the data, whose labels must be the next symbols.

    Raises:
        MisfitError: The labels are not the next symbols.
    """

    config: NextTokenConfig

    def __init__(self, config: NextTokenConfig, signature: Signature) -> None:
        if not signature.outputs.next_token:
            raise MisfitError(
                "next-token trains on the next symbol, but this data has other labels; "
                "use --trainer supervised"
            )
        self.config = config
        self.carries_state = config.carry_state

    def loss(self, output: Output, batch: Batch) -> Tensor:
        """Returns the mean cross entropy in nats, a scalar."""
        return mean_cross_entropy(output, batch)

    def sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns ``correct`` and ``targets``, scalars on the device."""
        return class_sums(output, batch)

    def metrics(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Returns the metrics of an epoch.

        Returns:
            ``loss`` in nats per target, ``perplexity`` = exp(loss), ``bits_per_character`` =
            loss / ln 2, ``accuracy`` from 0 to 1.
        """
        loss = sums["loss"] / sums["targets"]
        return {
            "loss": loss,
            "perplexity": math.exp(min(loss, 700.0)),
            "bits_per_character": loss / math.log(2),
            "accuracy": sums["correct"] / sums["targets"],
        }

    def sample(self, model: AbstractModel, dataset: AbstractDataset, epoch: int) -> str:
        """Returns the prompt and its most likely continuation, or nothing in most epochs.

        The model reads the prompt, then each symbol that it chooses is its next input.

        Raises:
            DataError: The prompt has symbols that the vocabulary lacks.
            MisfitError: The prompt is too short for the model.
        """
        prompt, vocabulary = self.config.prompt, dataset.signature.vocabulary
        if prompt is None or vocabulary is None or epoch % self.config.prompt_every:
            return ""
        training, device = model.training, next(model.parameters()).device
        try:
            inputs = dataset.encode(prompt).to(str(device))
        except DataError as error:
            reason = str(error).partition(";")[0]
            raise DataError(f"trainer.prompt = {prompt!r:.80}: {reason}") from None
        model.eval()
        ids = generate(model, inputs, Sampler(temperature=0.0))
        text: str = prompt + vocabulary.decode(islice(ids, SAMPLE_LENGTH))
        model.train(training)
        return text
