"""The recipe whose data is nearest to that of a run without one."""

from __future__ import annotations

import pytest

from tests.core.plugins.sample_plugin import PluginWriter
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.recipes.nearest import nearest_recipe
from zoo_core.recipes.resolve import resolve_run

SPECS = """
CONFIGS = __package__ + ".configs"

@hookimpl
def zoo_models():
    return [ModelSpec(name="tiny", summary="", config=f"{CONFIGS}:Tiny", factory="")]

def data(name, *tags, trainer="plain"):
    return DatasetSpec(name=name, summary="", config=f"{CONFIGS}:Data", factory="", tags=tags,
                       default_trainer=trainer)

@hookimpl
def zoo_datasets():
    return [data("english", "text", "offline"), data("french", "text", "words", "offline"),
            data("german", "text", "words"), data("waves", "offline"),
            data("others", "text", "words", trainer="fancy")]

@hookimpl
def zoo_trainers():
    return [TrainerSpec(name=name, summary="", config=f"{CONFIGS}:Plain", factory="")
            for name in ("plain", "fancy")]
"""
CONFIGS = """
from zoo_core import config, setting

@config
class Tiny:
    width: int = setting(default=8, help="Width.")

@config
class Data:
    length: int = setting(default=5, help="Length.")
    parts: int = setting(default=1, help="Parts.")

@config
class Plain:
    epochs: int = setting(default=10, help="Epochs.")
"""
RECIPES = {
    "tiny.b-english": '[dataset]\nname = "english"',
    "tiny.c-french": '[dataset]\nname = "french"\nlength = 7\nparts = 2',
    "tiny.d-french": '[dataset]\nname = "french"\nlength = 7',
    "tiny.e-french": '[dataset]\nname = "french"\nlength = 9',
    "tiny.a-waves": '[dataset]\nname = "waves"',
    "tiny.c-waves": '[dataset]\nname = "waves"\nlength = 7',
    "tiny.a-others": '[dataset]\nname = "others"',
}


@pytest.fixture
def tagged(write_plugin: PluginWriter) -> Catalog:
    """A model with recipes on data with tags."""
    return load_catalog([write_plugin(SPECS, configs=CONFIGS, recipes=RECIPES)])


@pytest.mark.parametrize(
    ("dataset", "settings", "recipe"),
    [
        ("english", {}, "tiny.b-english"),
        ("german", {"length": 7, "parts": 2}, "tiny.c-french"),
        ("german", {"length": 7}, "tiny.d-french"),
        ("german", {"length": 9}, "tiny.e-french"),
        ("german", {}, "tiny.d-french"),
        ("others", {}, "tiny.a-others"),
        ("french", {"length": 9}, "tiny.e-french"),
        ("french", {"length": 9, "parts": 2}, "tiny.c-french"),
        ("waves", {"length": 7}, "tiny.c-waves"),
        ("waves", {}, "tiny.a-waves"),
    ],
    ids=[
        "same data",
        "both settings",
        "one setting",
        "another",
        "by name",
        "same trainer",
        "same data and settings",
        "same data, by name",
        "same data, not by default",
        "same data, by default",
    ],
)
def test_a_recipe_is_nearer_by_data_then_tags_then_settings_then_name(
    tagged: Catalog, dataset: str, settings: dict[str, int], recipe: str
) -> None:
    run_config = resolve_run(tagged, "tiny", dataset=dataset).run_config({"dataset": settings})
    assert nearest_recipe(tagged, run_config) == recipe
