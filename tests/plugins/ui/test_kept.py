"""What the page keeps in memory: checkpoints, and pages in frames."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.coroutines import run_coroutine
from zoo_core.plugins.catalog import Catalog

pytest.importorskip("zoo_ui")
pytestmark = pytest.mark.full


def test_a_checkpoint_is_loaded_once_and_again_after_its_folder_has_changed(
    catalog: Catalog, hello: Path
) -> None:
    from zoo_ui.page_context import LoadedCheckpoints

    kept = LoadedCheckpoints(catalog)
    first = kept.get(str(hello))
    assert kept.get(str(hello)) is first
    os.utime(hello / "config.json", ns=(1, 1))
    assert kept.get(str(hello)) is not first


def test_the_checkpoint_that_was_used_longest_ago_is_dropped(
    catalog: Catalog, hello: Path, tmp_path: Path
) -> None:
    from zoo_ui.page_context import MAX_CHECKPOINTS, LoadedCheckpoints

    kept = LoadedCheckpoints(catalog)
    folders = [str(tmp_path / f"run-{number}") for number in range(MAX_CHECKPOINTS + 1)]
    for folder in folders:
        shutil.copytree(hello, folder)
    first, second = (kept.get(folder) for folder in folders[:2])
    for folder in (*folders[2:-1], folders[0], folders[-1]):
        kept.get(folder)
    assert kept.get(folders[0]) is first
    assert kept.get(folders[1]) is not second


def test_the_last_pages_are_kept_at_addresses_that_differ() -> None:
    from starlette.requests import Request

    from zoo_ui.documents import MAX_DOCUMENTS, PATH, Documents

    documents = Documents()
    addresses = [documents.add(f"<p>{number}") for number in range(MAX_DOCUMENTS + 1)]
    assert len(set(addresses)) == len(addresses)

    def answer(address: str) -> tuple[int, bytes]:
        scope = {"type": "http", "path_params": {"name": address.removeprefix(PATH)}}
        response = run_coroutine(documents.respond(Request(scope)))
        return response.status_code, bytes(response.body)

    assert answer(addresses[0]) == (404, b"<!doctype html><p>This page is gone: make it again.")
    assert answer(addresses[1]) == (200, b"<p>1")
    assert answer(addresses[-1]) == (200, f"<p>{MAX_DOCUMENTS}".encode())
