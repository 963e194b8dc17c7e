"""Training on the targets of pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import takewhile
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from zoo_core import Classes, Objective, Signature
from zoo_core.errors import MisfitError
from zoo_core.run_folder.objective import Direction
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.datasets.translator import AbstractTranslator
from zoo_core.runtime.nn import IGNORED, AbstractModel, Batch, Output
from zoo_core.runtime.training.evaluation import evaluation_mode
from zoo_core.runtime.training.trainer import AbstractTrainer, class_sums, row_sums
from zoo_seq2seq.bleu import corpus_bleu, corpus_counts, sentence_bleu
from zoo_seq2seq.configs import TranslationConfig
from zoo_seq2seq.symbols import EOS

DIRECTIONS: dict[str, Direction] = {
    "loss": "min",
    "accuracy": "max",
    "exact_match": "max",
    "bleu": "max",
    "sentence_bleu": "max",
}


@final
class TranslationTrainer(AbstractTrainer):
    """Cross entropy with the symbols of the targets, each after the right ones before it.

    Padding does not count. In evaluation the model also writes a target for every source, from
    which BLEU is measured: that of the corpus, ``bleu``, with groups of up to 4 symbols, and the
    mean of that of each sentence, ``sentence_bleu``, as Dive into Deep Learning defines it, k = 2.

    Args:
        config: Settings of the trainer.
        signature: Signature of the data.

    Raises:
        MisfitError: The outputs are no classes of steps.
    """

    carries_state = False

    def __init__(self, config: TranslationConfig, signature: Signature) -> None:
        if not isinstance(signature.outputs, Classes) or signature.outputs.per != "step":
            raise MisfitError("translation trains on a symbol per step; this data has none")
        self.config = config
        self.objective = Objective("loss", DIRECTIONS)
        self._end = signature.vocabulary.ids.get(EOS) if signature.vocabulary else None

    def loss(self, output: Output, batch: Batch) -> Tensor:
        """Returns the mean cross entropy in nats per symbol of the targets, a scalar."""
        logits = output.logits.flatten(0, -2)
        return cross_entropy(logits, batch.targets.flatten(), ignore_index=IGNORED)

    def sums(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Returns ``correct`` and ``targets``, symbols; ``exact`` and ``rows``, whole targets.

        A target whose every symbol is the likeliest after those before it is the one that greedy
        decoding writes, so ``exact`` needs no decoding.
        """
        return class_sums(output, batch) | row_sums(output, batch)

    def answer_sums(
        self, model: AbstractModel, dataset: AbstractDataset, batch: Batch
    ) -> dict[str, Tensor]:
        """Returns the counts that BLEU is made of, over the targets that the model writes."""
        if not isinstance(dataset, AbstractTranslator) or not batch.context:
            return {}
        counts: Counter[str] = Counter()
        mean = 0.0
        written = dataset.translate(model, batch)
        for ids, labels in zip(written, batch.targets.tolist(), strict=True):
            translation, reference = self._before_end(ids), self._before_end(labels)
            counts.update(corpus_counts(translation, reference))
            mean += sentence_bleu(translation, reference)
        sums = dict(counts) | {"sentence_bleu": mean, "answers": len(written)}
        return {name: torch.tensor(value, dtype=torch.float64) for name, value in sums.items()}

    def _before_end(self, ids: list[int]) -> list[int]:
        return list(takewhile(lambda symbol: symbol not in (self._end, IGNORED), ids))

    def metrics(self, sums: Mapping[str, float]) -> dict[str, float]:
        """Returns the metrics of an epoch.

        Returns:
            ``loss`` in nats per symbol, ``accuracy``, ``exact_match``, the share of the targets
            without a wrong symbol; in evaluation ``bleu`` and ``sentence_bleu``. All but the loss
            are from 0 to 1.
        """
        metrics = {
            "loss": sums["loss"] / sums["targets"],
            "accuracy": sums["correct"] / sums["targets"],
            "exact_match": sums["exact"] / sums["rows"],
        }
        if "answers" in sums:
            metrics["bleu"] = corpus_bleu(sums)
            metrics["sentence_bleu"] = sums["sentence_bleu"] / sums["answers"]
        return metrics

    def sample(self, model: AbstractModel, dataset: AbstractDataset, epoch: int) -> str:
        """Returns the example of the data and what the model writes for it."""
        if not isinstance(dataset, AbstractTranslator):
            return ""
        batch = dataset.encode(dataset.example).to(str(next(model.parameters()).device))
        with evaluation_mode(model):
            return f"{dataset.example} → {dataset.answer(model, batch)}"
