"""What the functions of the Python API take alike, and the checks that no annotation says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from torch import Tensor

from zoo_core.arguments import Words
from zoo_core.data.vocabulary import Unknown
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.recipes.resolve import check_sections
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.datasets.memory import MemoryDataset
from zoo_core.runtime.datasets.memory_rows import MemoryRows
from zoo_core.runtime.datasets.python_data import Data, memory_rows
from zoo_core.runtime.nn.batch import Batch

Settings: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Values by section and key, everywhere of one shape, such as
``{"model": {"hidden_size": 64}, "dataset": {"steps": 32}, "trainer": {"epochs": 3}}``."""

# npt.NDArray is no class from NumPy 2.5 on, so that no argument could be checked against it
Numbers: TypeAlias = np.ndarray[Any, Any] | Tensor
"""Inputs of a model of arrays: one, features (T, F) or tokens (T,), or several of equal length,
(B, T, F) or (B, T)."""


def _words_for_checkpoint(given: object) -> str:
    if isinstance(given, str | Path):
        return f"a checkpoint, not its name: zoo_core.load({str(given)!r}) returns it"
    return "a checkpoint, which zoo_core.load returns"


def _words_for_unknown(given: object) -> str:
    return "zoo_core.Unknown('skip'), Unknown('replace', '?') or Unknown('error')"


WORDS: Words = {
    Checkpoint: _words_for_checkpoint,
    Unknown: _words_for_unknown,
    np.ndarray: lambda _: "an array",
    Tensor: lambda _: "a tensor",
}
"""What errors call the classes of arguments."""


def dataset_settings(settings: Settings | None, what: str) -> Mapping[str, Any]:
    """Returns the settings of the dataset.

    Raises:
        ConfigError: There is another section.
    """
    check_sections(settings or {})
    if others := (settings or {}).keys() - {"dataset"}:
        raise ConfigError(f"{min(others)}: {what} has settings of the dataset alone")
    return (settings or {}).get("dataset", {})


def as_reference(checkpoint: str | Path | Checkpoint) -> str:
    """Returns the reference of a checkpoint: a folder's begins with ``dir:``."""
    if isinstance(checkpoint, Checkpoint):
        checkpoint = checkpoint.folder
    return f"dir:{checkpoint}" if isinstance(checkpoint, Path) else checkpoint


def as_folder(checkpoint: str | Path | Checkpoint) -> Path:
    """Returns the folder of a checkpoint, which may be given by its path."""
    return checkpoint.folder if isinstance(checkpoint, Checkpoint) else Path(checkpoint)


def given_rows(data: Data, text_column: str, label_column: str) -> MemoryRows | None:
    """Returns the rows of data from Python; None if there is none.

    Raises:
        ConfigError: A column of no data is named.
        DataError: As ``memory_rows``.
    """
    if data is not None:
        return memory_rows(data, text_column=text_column, label_column=label_column)
    for argument, name in {"text_column": text_column, "label_column": label_column}.items():
        if name:
            raise ConfigError(f"{argument} = {name!r}: it names a column of data; give data=...")
    return None


def check_count(name: str, value: int) -> None:
    """Raises ConfigError if an argument that counts something is negative."""
    if value < 0:
        raise ConfigError(f"{name} = {value}: expected an integer >= 0")


def encode(checkpoint: Checkpoint, value: str | Numbers, unknown: Unknown) -> tuple[Batch, bool]:
    """Returns a text as a batch of one, or an array as a batch; and whether it is one input.

    Raises:
        DataError: The text has symbols that the vocabulary lacks, or the array another shape.
        MisfitError: The model was not trained on arrays.
    """
    dataset = checkpoint.dataset
    if isinstance(value, str):
        return dataset.encode(value, unknown), True
    if not isinstance(dataset, MemoryDataset):
        raise MisfitError(
            f"{checkpoint.run_config.model} is trained on {checkpoint.run_config.dataset}, whose "
            "inputs are given as text: give a text or a list of texts, no array"
        )
    return dataset.encode_array(value)
