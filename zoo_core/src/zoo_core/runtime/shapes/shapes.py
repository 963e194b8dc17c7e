"""The shapes of a model: every tensor of one batch, its axes named."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, final

import torch

from zoo_core.data.signature import Features, Grid, Signature, Tokens
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.downloads.download import at_hand_only
from zoo_core.errors import ZooError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.building.build import make_dataset, make_model
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.shapes.axes import Sizes, name_axes
from zoo_core.runtime.shapes.tracing import Seen, trace

MEANINGS = {
    "B": "batch",
    "T": "steps",
    "V": "vocabulary",
    "F": "features",
    "C": "classes",
    "E": "embedding",
    "H": "hidden state",
    "P": "projection",
    "K": "channels",
    "U": "classifier units",
}
SETTINGS = {
    "E": "embedding_size",
    "H": "hidden_size",
    "P": "proj_size",
    "K": "channels",
    "U": "classifier_size",
}
"""The letters of a model's own settings."""
EXAMPLE = Vocabulary(("<unk>", " ", *"abcdefghijklmnopqrstuvwxyz"))
"""Stands in where the data, which alone knows its symbols, is not at hand."""


@final
class Shapes(NamedTuple):
    """What ``trace`` saw, named.

    Args:
        sizes: The value of each letter.
        rows: Every tensor and its axes in letters.
    """

    sizes: Sizes
    rows: list[tuple[Seen, tuple[str, ...]]]


def signature_at_hand(catalog: Catalog, run_config: RunConfig) -> tuple[Signature, bool]:
    """The signature of a run config's dataset, and whether it is the data's own or an example's.

    Nothing is downloaded.
    """
    with at_hand_only():
        try:
            return make_dataset(catalog, run_config, None).signature, True
        except ZooError:
            return make_dataset(catalog, run_config, EXAMPLE).signature, False


def shapes_of(
    catalog: Catalog, run_config: RunConfig, signature: Signature, *, batch_size: int, steps: int
) -> Shapes:
    """The shapes of a run config's model.

    Args:
        catalog: What is installed.
        run_config: Names the model and its settings.
        signature: What goes in and comes out.
        batch_size: B.
        steps: T; a model of a fixed window takes its own.

    Raises:
        ZooError: The model cannot be made, or does not take such a batch.
    """
    window = make_model(catalog, run_config, signature).window
    sizes = _sizes(run_config, signature, batch_size, window or steps)

    def probe(changed: Sizes) -> list[Seen]:
        asked = _signature(signature, changed)
        settings = {key: changed[each] for each, key in SETTINGS.items() if each in changed}
        configs = run_config.configs | {"model": run_config.configs["model"] | settings}
        model = make_model(catalog, replace(run_config, configs=configs), asked)
        return trace(model, _batch(asked, changed))

    return Shapes(sizes, name_axes(probe, sizes))


def _sizes(
    run_config: RunConfig, signature: Signature, batch_size: int, steps: int
) -> dict[str, int]:
    """The letters that this model and this data have."""
    sizes = {"B": batch_size}
    if not isinstance(signature.inputs, Grid):
        sizes |= {"T": steps, _letter(signature): signature.inputs.size}
    if not _answers_symbols(signature):
        sizes["C"] = signature.classes
    model = run_config.configs["model"]
    return sizes | {each: model[key] for each, key in SETTINGS.items() if model.get(key)}


def _signature(signature: Signature, sizes: Sizes) -> Signature:
    """The signature with these sizes; its vocabulary has no part in shapes."""
    inputs = signature.inputs
    if not isinstance(inputs, Grid):
        size = sizes[_letter(signature)]
        inputs = Tokens(size) if isinstance(inputs, Tokens) else Features(size)
    classes = sizes["V"] if _answers_symbols(signature) else sizes["C"]
    return replace(signature, inputs=inputs, classes=classes, vocabulary=None)


def _batch(signature: Signature, sizes: Sizes) -> Batch:
    match signature.inputs:
        case Tokens():
            return Batch(torch.zeros(sizes["B"], sizes["T"], dtype=torch.long))
        case Features(size):
            return Batch(torch.zeros(sizes["B"], sizes["T"], size))
        case Grid(channels, grid):
            return Batch(torch.zeros(sizes["B"], channels, *grid))


def _letter(signature: Signature) -> str:
    return "V" if isinstance(signature.inputs, Tokens) else "F"


def _answers_symbols(signature: Signature) -> bool:
    """Whether the classes are the symbols of the vocabulary."""
    inputs = signature.inputs
    same = isinstance(inputs, Tokens) and signature.classes == inputs.size
    return same and signature.vocabulary is not None
