"""The shapes of a model: every tensor of one batch, with named axes."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, final

import torch

from zoo_core.data.signature import Classes, Custom, Features, Grid, Outputs, Signature, Tokens
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.downloads.download import no_downloads
from zoo_core.errors import ZooError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.building.build import make_dataset, make_model
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.shapes.axes import Sizes, name_axes
from zoo_core.runtime.shapes.tracing import TracedTensor, trace

LETTER_MEANINGS = {
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
    "S": "steps of the source",
    "N": "symbols of the source",
}
SETTING_NAMES = {
    "E": "embedding_size",
    "H": "hidden_size",
    "P": "proj_size",
    "K": "channels",
    "U": "classifier_size",
}
"""The letters of settings of the model."""
STAND_IN_VOCABULARY = Vocabulary(("<unk>", " ", *"abcdefghijklmnopqrstuvwxyz"))
"""Used if the data is not available, since only the data knows its symbols."""


@final
class Shapes(NamedTuple):
    """The tensors of a model with their axes in letters.

    Args:
        sizes: The value of each letter.
        rows: Every tensor and its axes.
    """

    sizes: Sizes
    rows: list[tuple[TracedTensor, tuple[str, ...]]]


def available_signature(catalog: Catalog, run_config: RunConfig) -> tuple[Signature, bool]:
    """Returns the signature of a run config's dataset, and whether it is that of the data.

    Nothing is downloaded. If the data is not available, the signature has a stand-in vocabulary.
    """
    with no_downloads():
        try:
            return make_dataset(catalog, run_config, None).signature, True
        except ZooError:
            return make_dataset(catalog, run_config, STAND_IN_VOCABULARY).signature, False


def model_shapes(
    catalog: Catalog, run_config: RunConfig, signature: Signature, *, batch_size: int, steps: int
) -> Shapes:
    """Returns the shapes of a run config's model.

    Args:
        catalog: The installed plugins.
        run_config: Names the model and its settings.
        signature: Inputs and outputs of the model.
        batch_size: B.
        steps: T; a model with a fixed window ignores it.

    Raises:
        ZooError: The model cannot be built, or does not accept such a batch.
    """
    window = make_model(catalog, run_config, signature).window
    sizes = _sizes(run_config, signature, batch_size, window or steps)

    def probe(changed: Sizes) -> list[TracedTensor]:
        resized = _resize_signature(signature, changed)
        settings = {
            name: changed[letter] for letter, name in SETTING_NAMES.items() if letter in changed
        }
        configs = run_config.configs | {"model": run_config.configs["model"] | settings}
        model = make_model(catalog, replace(run_config, configs=configs), resized)
        return trace(model, _make_batch(resized, changed))

    return Shapes(sizes, name_axes(probe, sizes))


def _sizes(
    run_config: RunConfig, signature: Signature, batch_size: int, steps: int
) -> dict[str, int]:
    """Returns the values of the letters that apply to the model and the data."""
    sizes = {"B": batch_size}
    if not isinstance(signature.inputs, Grid):
        sizes |= {"T": steps, _input_letter(signature): signature.inputs.size}
    if not _predicts_symbols(signature):
        sizes["C"] = signature.outputs.width
    if tokens := _source(signature):
        sizes |= {"S": steps, "N": tokens.size}
    settings = run_config.configs["model"]
    for letter, name in SETTING_NAMES.items():
        if settings.get(name):
            sizes[letter] = settings[name]
    return sizes


def _resize_signature(signature: Signature, sizes: Sizes) -> Signature:
    """Returns the signature with other sizes, without its vocabulary."""
    inputs = signature.inputs
    if not isinstance(inputs, Grid):
        size = sizes[_input_letter(signature)]
        inputs = Tokens(size) if isinstance(inputs, Tokens) else Features(size)
    size = sizes["V"] if _predicts_symbols(signature) else sizes["C"]
    outputs: Outputs = Custom(size, per=signature.outputs.per)
    if isinstance(signature.outputs, Classes):
        outputs = Classes(size, per=signature.outputs.per, next_token=signature.outputs.next_token)
    context = {name: Tokens(sizes["N"]) for name in signature.context if _source(signature)}
    return replace(
        signature,
        inputs=inputs,
        outputs=outputs,
        vocabulary=None,
        context=signature.context | context,
        vocabularies={},
    )


def _make_batch(signature: Signature, sizes: Sizes) -> Batch:
    """Returns a batch of zeros."""
    match signature.inputs:
        case Tokens():
            tokens = torch.zeros(sizes["B"], sizes["T"], dtype=torch.long)
            if not _source(signature):
                return Batch(tokens)
            source = torch.zeros(sizes["B"], sizes["S"], dtype=torch.long)
            return Batch(tokens, context=dict.fromkeys(signature.context, source))
        case Features(size):
            return Batch(torch.zeros(sizes["B"], sizes["T"], size))
        case Grid(channels, grid):
            return Batch(torch.zeros(sizes["B"], channels, *grid))


def _source(signature: Signature) -> Tokens | None:
    """Returns the further input, if it is one sequence of tokens, such as a text to translate."""
    kinds = list(signature.context.values())
    return kinds[0] if len(kinds) == 1 and isinstance(kinds[0], Tokens) else None


def _input_letter(signature: Signature) -> str:
    return "V" if isinstance(signature.inputs, Tokens) else "F"


def _predicts_symbols(signature: Signature) -> bool:
    """Returns whether the classes are the symbols of the vocabulary."""
    outputs = signature.outputs
    if not isinstance(signature.inputs, Tokens) or signature.vocabulary is None:
        return False
    return isinstance(outputs, Classes) and outputs.size == signature.inputs.size
