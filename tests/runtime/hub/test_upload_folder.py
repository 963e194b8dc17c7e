"""The folder that a push sends: what is not fit to be in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtime.runs import interrupt
from zoo_core.errors import MisfitError, NotFoundError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.hub.upload_folder import build_upload_folder
from zoo_core.runtime.run import Run


def test_a_killed_run_is_unfinished_and_names_the_command_that_resumes(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    next(Run(catalog, run_config, folder).events())
    with pytest.raises(MisfitError, match=f"is unfinished: zoo resume {folder}$"):
        build_upload_folder(catalog, folder, "owner/repo", tmp_path / "staged")


def test_an_interrupted_run_is_unfinished_too(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path
) -> None:
    interrupt(Run(catalog, run_config, tmp_path / "run"), 2)
    with pytest.raises(MisfitError, match="is unfinished: zoo resume"):
        build_upload_folder(catalog, tmp_path / "run", "owner/repo", tmp_path / "staged")


def test_a_folder_without_a_checkpoint_is_named(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=f"no checkpoint in {tmp_path}"):
        build_upload_folder(catalog, tmp_path, "owner/repo", tmp_path / "staged")
