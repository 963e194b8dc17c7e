"""Configs, most of them right."""

from __future__ import annotations

from pathlib import Path

from zoo_core import AbstractRecurrentConfig, AbstractTrainerConfig, config, setting


@config
class Plain:
    """Of the models."""

    hidden_size: int = setting(default=8, at_least=1, help="Width of the hidden state.")


@config
class Layers(AbstractRecurrentConfig):
    """Of the model with a matrix as its state."""


@config
class Unbounded:
    """A default out of its bounds."""

    hidden_size: int = setting(default=0, at_least=1, help="Width of the hidden state.")


@config
class Untold:
    """A setting without a sentence."""

    hidden_size: int = setting(default=8, at_least=1, help="")


@config
class Named(Plain):
    """A setting that takes the word by which a recipe names the part."""

    name: str = setting(default="rnn", help="What to call it.")


@config
class Data:
    """Of the datasets."""

    steps: int = setting(default=5, at_least=1, help="Length of a row.")


@config
class File(Data):
    """Of a dataset in a file."""

    path: Path = setting(help="A file with two lines of letters.")


@config
class Training(AbstractTrainerConfig):
    """Of the trainers."""
