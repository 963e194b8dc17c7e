"""Checkpoints: ``zoo_core.load``, ``verify``, ``export``, ``pull`` and ``push``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zoo_core.arguments import check_arguments
from zoo_core.errors import ConfigError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.registry.file import HUB
from zoo_core.run_folder.integrity import copy_checkpoint, validate_checkpoint_files
from zoo_core.runtime.api.arguments import WORDS, as_folder, as_reference
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.checkpoints.verification import VerifiedItem
from zoo_core.runtime.checkpoints.verification import verify as verify_folder
from zoo_core.runtime.locate import find_folder, load_checkpoint

if TYPE_CHECKING:
    from zoo_core.runtime.exporting.exporter import ExportResult
    from zoo_core.runtime.hub.publish import Publication


@check_arguments(WORDS)
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
    return load_checkpoint(load_catalog(), as_reference(reference))


@check_arguments(WORDS)
def verify(reference: str | Path | Checkpoint) -> list[VerifiedItem]:
    """Returns what was verified of a checkpoint, from its manifest to its metrics.

    A part with the verdict ``failed`` is the last one that is verified, or a metric that could not
    be measured again.

    Args:
        reference: A checkpoint, or what names one, as in ``load``. The files of its folder are
            read again.

    Raises:
        IntegrityError: The manifest is damaged.
        MisfitError: The run is unfinished.
        NotFoundError: There is no such checkpoint.
        PluginError: A plugin that the checkpoint needs is broken or missing.
    """
    catalog = load_catalog()
    return list(verify_folder(catalog, find_folder(catalog, as_reference(reference))))


@check_arguments(WORDS)
def export(
    reference: str | Path | Checkpoint,
    to: str | Path,
    *,
    format: str = "torch",
    int8: bool = False,
    with_sampler: bool = False,
    runtime: str | Path | None = None,
) -> ExportResult:
    """Exports a checkpoint into a new folder, to run outside the zoo.

    The exported model is run and compared with the checkpoint's own before the folder appears.

    Args:
        reference: A checkpoint, or what names one, as in ``load``.
        to: The folder; it must not exist.
        format: ``torch``, or the format of a plugin, such as ``onnx`` or ``web``.
        int8: Whether the weights are stored as 8-bit integers.
        with_sampler: Whether the exported model also draws the next symbol.
        runtime: A local package of what runs the model in a page, which is downloaded otherwise.

    Returns:
        The comparisons with the model, notes, and figures such as the loss with 8-bit weights.

    Raises:
        ConfigError: The format has no such option.
        ExportError: The exported model differs from the model or cannot run.
        MisfitError: The format cannot express the model.
        NetworkError: What runs the model in a page cannot be downloaded.
        NotFoundError: There is no such checkpoint or format.
        PluginError: The format's plugin is not installed, or is broken.
        TargetError: The folder exists or cannot be written to.
    """
    from zoo_core.runtime.exporting.export import export_checkpoint
    from zoo_core.runtime.exporting.exporter import ExportOptions

    checkpoint = reference if isinstance(reference, Checkpoint) else load(reference)
    path = None if runtime is None else Path(runtime)
    options = ExportOptions(int8=int8, with_sampler=with_sampler, runtime=path)
    return export_checkpoint(checkpoint, format, Path(to), options)


@check_arguments(WORDS)
def pull(reference: str, to: str | Path | None = None) -> Path:
    """Downloads a checkpoint, checks size and hash of every file, and returns its folder.

    Args:
        reference: ``hub:owner/repo@revision``, or a name in the registry.
        to: A new folder to copy it to; by default it stays in the Hub's cache or its package.

    Raises:
        NotFoundError: There is no such checkpoint.
        IntegrityError: A file is damaged, or differs from what the registry or the Hub says.
        NetworkError: The Hub cannot be reached or refuses.
        TargetError: The target exists already, or cannot be written to.
    """
    folder = find_folder(load_catalog(), reference)
    if to is None:
        validate_checkpoint_files(folder)
        return folder
    copy_checkpoint(folder, Path(to))
    return Path(to)


@check_arguments(WORDS)
def push(
    folder: str | Path | Checkpoint,
    repo: str,
    *,
    revision: str = "",
    private: bool = False,
    create_pr: bool = False,
    license: str = "",
) -> Publication:
    """Publishes a checkpoint on the Hub as one commit.

    Args:
        folder: The checkpoint folder, or a checkpoint that was loaded from it.
        repo: ``owner/name``.
        revision: The branch, made if it is missing; empty for the main one.
        private: Whether a new repo is private.
        create_pr: Open a pull request instead of pushing to the branch.
        license: License of the weights; by default what the repo's card says, or the dataset's.

    Returns:
        The commit with its page, and the registry entry that pins it.

    Raises:
        ConfigError: The repo is not ``owner/name``.
        IntegrityError: The checkpoint is incomplete, or has weights that are not finite.
        MisfitError: The checkpoint is unfinished or has pickled weights, or the repo is public and
            ``private`` is asked for.
        NetworkError: The Hub cannot be reached or refuses.
    """
    from zoo_core.runtime.hub.publish import publish  # imports the Hub's client

    if not HUB.fullmatch(f"hub:{repo}"):
        raise ConfigError(f"{repo!r} is not a repo: expected OWNER/REPO")
    return publish(
        load_catalog(),
        as_folder(folder),
        repo,
        license=license,
        revision=revision,
        private=private,
        create_pr=create_pr,
    )
