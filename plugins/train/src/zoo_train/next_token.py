"""Training on the next symbol."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import islice
from typing import final

import torch
from torch import Tensor

from zoo_core import Objective, Signature
from zoo_core.data.tokenizer import CHARACTERS
from zoo_core.errors import DataError, MisfitError
from zoo_core.run_folder.objective import DIRECTIONS
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.generation.generate import generate
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.nn import IGNORED, AbstractModel, Batch
from zoo_core.runtime.training.class_loss import ClassLoss
from zoo_core.runtime.training.class_trainer import AbstractClassTrainer
from zoo_core.runtime.training.evaluation import evaluation_mode
from zoo_train.configs import NextTokenConfig
from zoo_train.cross_entropy import make_cross_entropy

SAMPLE_LENGTH = 50
"""Symbols that follow the prompt, as in Dive into Deep Learning."""


@final
class NextTokenTrainer(AbstractClassTrainer):
    """Cross entropy with the next symbol.

    Metrics are loss, perplexity, accuracy and, for a text, bits per byte; bits per character if
    the symbols are characters, and the share of unknown words if they are words.

    Args:
        config: Settings of the trainer.
        signature: Signature of the data, whose labels must be the next symbols.

    Raises:
        MisfitError: The labels are not the next symbols.
    """

    config: NextTokenConfig
    objective = Objective("loss", DIRECTIONS | {"cross_entropy": "min"})

    def __init__(self, config: NextTokenConfig, signature: Signature) -> None:
        if not signature.outputs.next_token:
            raise MisfitError(
                "next-token trains on the next symbol, but this data has other labels; "
                "use --trainer supervised"
            )
        self.config, self.vocabulary = config, signature.vocabulary
        self.cross_entropy = make_cross_entropy(config, signature)
        self.carries_state = config.carry_state
        self._byte_counts: Tensor | None = None

    def sums_of(self, result: ClassLoss, batch: Batch) -> dict[str, Tensor]:
        """Returns sums over the targets, scalars on the device.

        Returns:
            ``correct`` and ``targets``; of a text ``bytes``, those of the targets in UTF-8; of
            words ``unknown``, the number of unknown ones, and ``unknown_bytes``, their bytes; and
            what other losses than the plain one need.
        """
        sums = super().sums_of(result, batch)
        if self.vocabulary is None:
            return sums
        if self.vocabulary.has_one_byte_each:
            return sums | {"bytes": sums["targets"]}
        if self._byte_counts is None or self._byte_counts.device != batch.targets.device:
            self._byte_counts = torch.tensor(
                self.vocabulary.byte_counts, device=batch.targets.device
            )
        counted = batch.targets != IGNORED
        sums["bytes"] = (self._byte_counts[batch.targets.clamp(min=0)] * counted).sum()
        if batch.unknown_bytes is not None:
            unknown_bytes = batch.unknown_bytes.sum()
            sums["bytes"] = sums["bytes"] + unknown_bytes
            sums |= {"unknown": (batch.unknown_bytes > 0).sum(), "unknown_bytes": unknown_bytes}
        return sums

    def metrics(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Returns the metrics of an epoch.

        Returns:
            ``loss`` in nats per target, ``perplexity`` = exp(loss), ``accuracy`` from 0 to 1;
            ``bits_per_character`` = loss / ln 2 of characters; ``bits_per_byte`` of a text: the sum
            of the losses over ln 2 and 8 bits for each byte of an unknown word, over the bytes of
            the targets in UTF-8; ``unknown_share`` of words: that of unknown ones, from 0 to 1.
            With label smoothing or weights, perplexity and bits are those of ``cross_entropy``,
            the loss without them.
        """
        targets = sums["targets"]
        metrics = {"loss": sums["loss"] / sums.get("weight", targets)}
        total = sums.get("cross_entropy", sums["loss"])
        loss = total / targets
        if "cross_entropy" in sums:
            metrics["cross_entropy"] = loss
        metrics["perplexity"] = math.exp(min(loss, 700.0))
        if self.vocabulary is None or self.vocabulary.tokenizer == CHARACTERS:
            metrics["bits_per_character"] = loss / math.log(2)
        if sums.get("bytes"):
            bits = total / math.log(2) + 8 * sums.get("unknown_bytes", 0)
            metrics["bits_per_byte"] = bits / sums["bytes"]
        if "unknown" in sums:
            metrics["unknown_share"] = sums["unknown"] / targets
        return metrics | {"accuracy": sums["correct"] / targets}

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
        try:
            inputs = dataset.encode(prompt).to(str(next(model.parameters()).device))
        except DataError as error:
            reason = str(error).partition(";")[0]
            raise DataError(f"trainer.prompt = {prompt!r:.80}: {reason}") from None
        with evaluation_mode(model):
            ids = generate(model, inputs, Sampler(temperature=0.0))
            return prompt + vocabulary.decode(islice(ids, SAMPLE_LENGTH))
