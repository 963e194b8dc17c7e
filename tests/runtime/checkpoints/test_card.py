"""The model card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import metadata_load

from tests.runtime.runs import interrupt, resume_to_end
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.manifest import read_manifest
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.checkpoints.card import card
from zoo_core.runtime.run import Run


@pytest.fixture
def text(trained_once: Path) -> str:
    """The card of the checkpoint."""
    return (trained_once / "README.md").read_text("utf-8")


@pytest.fixture
def front(trained_once: Path) -> dict[str, Any]:
    """Its front matter, as the Hub reads it."""
    values = metadata_load(trained_once / "README.md")
    assert values is not None
    return values


def test_the_front_matter_says_which_library_reads_it(front: dict[str, Any]) -> None:
    assert front["library_name"] == "zoo-core"
    assert front["pipeline_tag"] == "text-generation"
    assert front["datasets"] == ["text"]
    assert front["license"]
    assert "lstm-embed" in front["tags"]


def test_the_front_matter_holds_every_metric(front: dict[str, Any], trained_once: Path) -> None:
    results = front["model-index"][0]["results"]
    facts = {
        (result["dataset"]["split"], metric["type"]): metric["value"]
        for result in results
        for metric in result["metrics"]
    }
    metrics = read_manifest(trained_once).metrics
    assert facts == {
        (split, name): value for split, values in metrics.items() for name, value in values.items()
    }


def test_the_card_has_usage_metrics_curve_and_settings(text: str) -> None:
    assert "zoo generate FOLDER" in text
    assert "| split |" in text
    assert "![Loss over epochs](curve.png)" in text
    assert "| model | `hidden_size` | 6 |" in text


def test_the_card_names_the_plugins_that_the_checkpoint_needs(trained_once: Path) -> None:
    manifest = read_manifest(trained_once)
    plugins = {"model": "zoo-owl", "dataset": "zoo-nest", "trainer": "zoo-owl"}
    run_config = replace(manifest.run_config, plugins=plugins)
    versions = manifest.versions | {"zoo-owl": "1.2"}
    written = card(replace(manifest, run_config=run_config, versions=versions))
    assert (
        "Plugins that it needs: `zoo-owl` 1.2 (model, trainer); `zoo-nest` (dataset). "
        "Install a missing one with `zoo plugins install NAME`."
    ) in written


def test_the_card_repeats(trained_once: Path, text: str) -> None:
    assert card(read_manifest(trained_once)) == text


def test_the_users_text_survives_further_training(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path
) -> None:
    interrupt(Run(catalog, run_config, tmp_path), 4)
    readme = tmp_path / "README.md"
    readme.write_text(f"{readme.read_text('utf-8')}\n## Remarks\n\nMine, by hand.\n", "utf-8")
    resume_to_end(catalog, tmp_path)
    assert "Mine, by hand." in readme.read_text("utf-8")
