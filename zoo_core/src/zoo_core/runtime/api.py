"""The Python interface: load, create, train, predict and generate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from zoo_core.data.signature import Signature
from zoo_core.data.vocabulary import REFUSE, Unknown
from zoo_core.plugins.catalog import load_catalog
from zoo_core.recipes.nearest import report_defaults
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.lock import lock_run_folder
from zoo_core.runtime.building.build import make_dataset, make_model
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint, check_no_checkpoint
from zoo_core.runtime.generation import generate as generation
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.runtime.locate import load_checkpoint
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import Event

Settings = Mapping[str, Mapping[str, Any]]


def load(reference: str | Path) -> Checkpoint:
    """Loads the checkpoint that a reference or a folder names.

    Logs a warning if it is unfinished or has weights that are not finite.

    Args:
        reference: A folder, ``hub:owner/repo``, the name of a local run, ``model.tag``, or a model,
            which means the checkpoint of its default recipe.

    Raises:
        NotFoundError: There is no such checkpoint.
        IntegrityError: A file is missing or damaged.
        NetworkError: It must be downloaded and cannot be.
    """
    text = f"dir:{reference}" if isinstance(reference, Path) else reference
    return load_checkpoint(load_catalog(), text)


def create_model(
    name: str,
    *,
    pretrained: bool = False,
    signature: Signature | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> AbstractModel:
    """Returns a model by name.

    Args:
        name: ``model``, or ``model.tag`` for the settings of a recipe.
        pretrained: Load the registry's checkpoint of that name.
        signature: The inputs and outputs; by default those of the recipe's dataset.
        settings: Settings of the model, which override the recipe's.
        seed: The seed of the initial weights.

    Raises:
        NotFoundError: There is no such model, recipe or pretrained checkpoint.
        ConfigError: A setting or the seed is unknown, of the wrong type or out of bounds.
        MisfitError: The model does not take such a signature.
    """
    if pretrained:
        return load(name).model
    catalog = load_catalog()
    run_config = resolve_run(catalog, name).run_config({"model": settings or {}}, seed=seed)
    if signature is None:
        signature = make_dataset(catalog, run_config, None).signature
    torch.manual_seed(run_config.seed)
    return make_model(catalog, run_config, signature)


def train(
    name: str,
    out: str | Path,
    *,
    dataset: str = "",
    trainer: str = "",
    settings: Settings | None = None,
    seed: int | None = None,
    device: str = "auto",
    threads: int = 0,
    backend: str = "auto",
    precision: str = "fp32",
    listen: Callable[[Event], None] | None = None,
) -> Checkpoint:
    """Trains a model and returns its checkpoint.

    After Ctrl+C, ``zoo resume`` continues from the last saved state in the folder.

    Args:
        name: ``model`` or ``model.tag``.
        out: The checkpoint folder; it must not hold a checkpoint yet.
        dataset: A dataset instead of the recipe's. A recipe that the name includes keeps its
            model and trainer settings.
        trainer: A trainer instead of the recipe's.
        settings: Settings by section: ``{"model": {"hidden_size": 64}, "trainer": {"epochs": 3}}``.
        seed: The seed of everything random; None for the recipe's.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        threads: The threads of torch; 0 means one for a tiny model, otherwise torch's default.
        backend: The kernel that runs the recurrence: ``auto``, ``native``, ``portable``,
            ``torch`` or ``reference``.
        precision: ``fp32``, or ``bf16`` for matrix products in bfloat16.
        listen: A function that receives every event.

    Raises:
        ZooError: Any of ``zoo_core.errors``; the message says what to do.
    """
    catalog, folder = load_catalog(), Path(out)
    chosen = resolve_run(catalog, name, dataset=dataset, trainer=trainer)
    run_config = chosen.run_config(
        settings, seed=seed, threads=threads, device=device, backend=backend, precision=precision
    )
    with lock_run_folder(folder):
        check_no_checkpoint(folder)
        run = Run(catalog, run_config, folder)
        report_defaults(catalog, chosen, run_config)
        for event in run.events():
            if listen:
                listen(event)
    return load(folder)


@torch.no_grad()
def predict(checkpoint: Checkpoint, value: str, *, unknown: Unknown = REFUSE) -> str:
    """Returns the prediction for an input, such as ``ohlol`` for ``hello``.

    Raises:
        DataError: The input has symbols that the vocabulary lacks.
    """
    dataset = checkpoint.dataset
    batch: Batch = dataset.encode(value, unknown)
    return dataset.decode(checkpoint.model(batch))


def generate(
    checkpoint: Checkpoint,
    prompt: str | None = None,
    *,
    length: int = 200,
    temperature: float = 1.0,
    top_k: int | None = None,
    seed: int = 0,
    unknown: Unknown = REFUSE,
    precision: str = "fp32",
) -> str:
    """Generates the text that follows a prompt.

    Args:
        checkpoint: A checkpoint of a model that predicts the next symbol.
        prompt: The text to begin with, at least one symbol. None for a line end; if the vocabulary
            has none a blank, else its first character; as often as the model's window needs.
        length: The number of symbols to generate.
        temperature: The softmax temperature; 0 always takes the likeliest symbol.
        top_k: The number of likeliest symbols to sample from; None for all.
        seed: The seed of the samples.
        unknown: What to do with symbols that the vocabulary lacks.
        precision: ``fp32``, or ``bf16`` for matrix products in bfloat16.

    Raises:
        MisfitError: The model does not predict the next symbol.
        DataError: The prompt has symbols that the vocabulary lacks.
        ConfigError: The precision is neither fp32 nor bf16.
    """
    model, vocabulary = checkpoint.model, checkpoint.signature.vocabulary
    generation.check_generates(model)
    assert vocabulary is not None, "what predicts symbols has a vocabulary"
    sampler = Sampler(temperature, top_k, seed)
    if prompt is None:
        batch = generation.default_prompt(model, vocabulary)
    else:
        batch = checkpoint.dataset.encode(prompt, unknown)
    ids = generation.generate(model, batch, sampler, precision)
    return vocabulary.decode(islice(ids, length))
