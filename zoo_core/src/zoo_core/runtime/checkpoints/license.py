"""The license and the languages of a checkpoint, as its dataset declares them."""

from __future__ import annotations

from typing import NamedTuple, final

from zoo_core.errors import NotFoundError, PluginError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.specs import DatasetSpec
from zoo_core.run_folder.run_config import RunConfig


@final
class Terms(NamedTuple):
    """The terms of use and the languages of a dataset.

    Args:
        license: A license identifier of SPDX; empty if it is not known.
        languages: Language codes such as ``en``.
    """

    license: str = ""
    languages: tuple[str, ...] = ()


NO_TERMS = Terms()


def terms_of(catalog: Catalog, run_config: RunConfig) -> Terms:
    """Returns the terms of a run's dataset; ``NO_TERMS`` if its plugin is not installed."""
    try:
        spec = catalog.find(DatasetSpec, run_config.name("dataset")).spec
    except (NotFoundError, PluginError):
        return NO_TERMS
    return Terms(spec.license, spec.languages)
