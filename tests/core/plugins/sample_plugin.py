"""The sample plugin: two models, two datasets, two trainers and two recipes, without torch."""

from __future__ import annotations

from collections.abc import Callable

from zoo_core.plugins.discovery import Plugin

PREAMBLE = """
from zoo_core import DatasetSpec, ModelSpec, TrainerSpec, hookimpl

def model(name="tiny"):
    return ModelSpec(name=name, summary="A model.", config="", factory="")
"""
SPECS = """
from pathlib import Path

CONFIGS = __package__ + ".configs"

@hookimpl
def zoo_models():
    return [
        ModelSpec(name="tiny", summary="", config=f"{CONFIGS}:Tiny", factory="",
                  default_recipe="first"),
        ModelSpec(name="bare", summary="", config=f"{CONFIGS}:Tiny", factory=""),
    ]

@hookimpl
def zoo_datasets():
    return [
        DatasetSpec(name="alpha", summary="", config=f"{CONFIGS}:Alpha", factory="",
                    default_trainer="plain"),
        DatasetSpec(name="beta", summary="", config=f"{CONFIGS}:Beta", factory="",
                    default_trainer="fancy"),
    ]

@hookimpl
def zoo_trainers():
    return [
        TrainerSpec(name="plain", summary="", config=f"{CONFIGS}:Plain", factory=""),
        TrainerSpec(name="fancy", summary="", config=f"{CONFIGS}:Fancy", factory=""),
    ]
"""
CONFIGS = """
from pathlib import Path
from zoo_core import config, setting

@config
class Tiny:
    width: int = setting(default=8, at_least=1, help="Width.")
    depth: int = setting(default=1, at_least=1, help="Depth.")

@config
class Alpha:
    length: int = setting(default=5, at_least=1, help="Length.")

@config
class Beta:
    path: Path = setting(help="The file.")
    length: int = setting(default=7, at_least=1, help="Length.")

@config
class Plain:
    epochs: int = setting(default=10, at_least=1, help="Epochs.")

@config
class Fancy(Plain):
    gain: float = setting(default=1.0, help="Gain.")
"""
RECIPES = {
    "tiny.first": """
        seed = 3
        summary = "The first."
        [model]
        width = 16
        [dataset]
        name = "alpha"
        length = 6
        [trainer]
        name = "fancy"
        epochs = 4
        gain = 0.5
    """,
    "tiny.second": """
        [dataset]
        name = "alpha"
    """,
}
PluginWriter = Callable[..., Plugin]
