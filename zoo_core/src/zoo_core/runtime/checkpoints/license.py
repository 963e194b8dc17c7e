"""What a card says of the data: license, languages, and how a model of it is used."""

from __future__ import annotations

from typing import NamedTuple, final

from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.specs import DatasetSpec
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.datasets.dataset import AbstractDataset, answers_in_steps


@final
class Terms(NamedTuple):
    """The terms of use, the languages and the use of a dataset.

    Args:
        license: A license identifier of SPDX; empty if it is not known.
        languages: Language codes such as ``en``.
        answers: Whether an answer takes several outputs of a model, as that to a pair's source
            does; such a model is for ``zoo predict``, not for ``zoo generate``.
    """

    license: str = ""
    languages: tuple[str, ...] = ()
    answers: bool = False


NO_TERMS = Terms()


def terms_of(catalog: Catalog, run_config: RunConfig, dataset: AbstractDataset) -> Terms:
    """Returns the terms of a run's dataset."""
    spec = catalog.find(DatasetSpec, run_config.name("dataset")).spec
    return Terms(spec.license, spec.languages, answers_in_steps(dataset))
