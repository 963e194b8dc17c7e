"""The text that a language model generates after an epoch, for ``samples.jsonl``."""

from __future__ import annotations

from itertools import islice

from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.generation.generate import check_generates, default_prompt, generate
from zoo_core.runtime.generation.sampler import DEFAULT_TEMPERATURE, Sampler
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.training.evaluation import evaluation_mode

TEXT_LENGTH = 100
"""The symbols of the text."""
MIN_TARGETS = 1000 * TEXT_LENGTH
"""The targets of an epoch that a text follows: generating it takes below 1 % of their time."""


def epoch_text(model: AbstractModel, dataset: AbstractDataset, *, precision: str, seed: int) -> str:
    """Returns text from the model without a prompt, the same for the same weights and seed.

    Torch's global random state stays as it is.

    Args:
        model: The model, in training or evaluation mode, which it keeps.
        dataset: The data that it is trained on.
        precision: ``fp32`` or ``bf16``.
        seed: The seed of the draws.

    Raises:
        MisfitError: The model does not predict the next symbol.
        IntegrityError: The weights give logits that are not finite.
    """
    check_generates(model)
    vocabulary = dataset.signature.vocabulary
    assert vocabulary is not None, "what predicts symbols has a vocabulary"
    prompt = default_prompt(model, vocabulary).to(str(next(model.parameters()).device))
    with evaluation_mode(model):
        ids = generate(model, prompt, Sampler(DEFAULT_TEMPERATURE, seed=seed), precision)
        return vocabulary.decode(islice(ids, TEXT_LENGTH))
