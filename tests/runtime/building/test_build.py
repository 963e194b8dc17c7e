"""Building the parts of a run config, and checking before training whether they fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo_core import Features, Grid, Tokens, Vocabulary
from zoo_core.data.signature import Classes, Signature
from zoo_core.errors import DeviceError, MisfitError, PluginError
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.discovery import Plugin
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.building.build import make_dataset, make_model, make_trainer
from zoo_core.runtime.run import Run

TOKENS = Signature(
    inputs=Tokens(3), outputs=Classes(3, per="step"), vocabulary=Vocabulary(("a", "b", "c"))
)


def with_settings(run_config: RunConfig, **changes: object) -> RunConfig:
    """Copies a run config with other fields."""
    return RunConfig(**run_config.to_json() | changes)


def test_the_parts_of_a_run_config_have_its_settings(
    catalog: Catalog, run_config: RunConfig
) -> None:
    dataset = make_dataset(catalog, run_config, None)
    model = make_model(catalog, run_config, dataset.signature)
    assert model.state_dict()["recurrent.weight_hh_l1"].shape == (24, 6)
    assert make_trainer(catalog, run_config, dataset.signature).config.batch_size == 4


@pytest.mark.parametrize(
    ("inputs", "kind", "remedy"),
    [
        (Features(4), "features", "the model lstm-stacked or --dataset hello"),
        (Grid(1, (8, 8)), "grid", "--dataset hello"),
    ],
)
def test_inputs_that_a_model_does_not_accept_are_refused_with_a_model_that_does(
    catalog: Catalog, run_config: RunConfig, inputs: Features | Grid, kind: str, remedy: str
) -> None:
    signature = Signature(inputs=inputs, outputs=Classes(2, per="step"))
    message = f"lstm-embed takes .*; text gives {kind} with a label per step; try: {remedy}$"
    with pytest.raises(MisfitError, match=message):
        make_model(catalog, run_config, signature)


def test_labels_that_a_trainer_cannot_learn_are_refused_before_training(
    catalog: Catalog, tmp_path: Path
) -> None:
    run_config = resolve_run(catalog, "lstm-embed", trainer="next-token").run_config(
        device="cpu", threads=1
    )
    with pytest.raises(MisfitError, match="use --trainer supervised"):
        Run(catalog, run_config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_missing_plugin_is_named_with_its_remedy(catalog: Catalog, run_config: RunConfig) -> None:
    fewer = load_catalog([plugin for plugin in catalog.plugins if plugin.name != "zoo-lstm"])
    message = "model 'lstm-embed' needs the plugin zoo-lstm: zoo plugins install zoo-lstm"
    with pytest.raises(PluginError, match=message):
        make_model(fewer, run_config, TOKENS)


def test_a_plugin_that_the_environment_leaves_out_is_not_called_missing(
    monkeypatch: pytest.MonkeyPatch, run_config: RunConfig
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-text")
    with pytest.raises(PluginError, match="it is installed, but ZOO_PLUGINS leaves it out"):
        make_model(load_catalog(), run_config, TOKENS)


def test_a_broken_plugin_is_not_called_missing(catalog: Catalog, run_config: RunConfig) -> None:
    others = [plugin for plugin in catalog.plugins if plugin.name != "zoo-lstm"]
    broken = Plugin("zoo-lstm", "no_such_module.plugin", "zoo-lstm", "0")
    with pytest.raises(PluginError, match="it is installed but broken; see: zoo plugins"):
        make_model(load_catalog([*others, broken]), run_config, TOKENS)


def test_an_unavailable_device_is_refused_before_training(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path
) -> None:
    with pytest.raises(DeviceError, match=r"no device 'tpu' here; there is: .*cpu"):
        Run(catalog, with_settings(run_config, device="tpu"), tmp_path / "run")
    assert not (tmp_path / "run").exists()
