"""Configs of the faulty plugin."""

from __future__ import annotations

from pathlib import Path

from zoo_core import AbstractRecurrentConfig, AbstractTrainerConfig, config, setting


@config
class Plain:
    """Settings of the models."""

    hidden_size: int = setting(default=8, at_least=1, help="Width of the hidden state.")


@config
class Layers(AbstractRecurrentConfig):
    """Settings of the model whose state is a matrix."""


@config
class Unbounded:
    """A default outside its bounds."""

    hidden_size: int = setting(default=0, at_least=1, help="Width of the hidden state.")


@config
class Undocumented:
    """A setting without a help text."""

    hidden_size: int = setting(default=8, at_least=1, help="")


@config
class Named(Plain):
    """A setting called name, which recipes use for the part itself."""

    name: str = setting(default="rnn", help="What to call it.")


@config
class Data:
    """Settings of the datasets."""

    steps: int = setting(default=5, at_least=1, help="Length of a row.")


@config
class File(Data):
    """Settings of a dataset in a file."""

    path: Path = setting(help="A file with two lines of letters.")


@config
class Training(AbstractTrainerConfig):
    """Settings of the trainers."""
