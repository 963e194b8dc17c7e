"""Declarations of this plugin: recurrent language models from scratch."""

from __future__ import annotations

from zoo_core import ModelSpec, hookimpl

ZOO_API = 3
SOURCE = "Zhang, Lipton, Li & Smola, Dive into Deep Learning, "
CONFIG = "zoo_scratch.configs:ScratchConfig"


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin."""
    return [
        ModelSpec(
            name="rnn-scratch",
            summary="An RNN language model from scratch, with one bias.",
            config=CONFIG,
            factory="zoo_scratch.models:rnn_scratch",
            accepts=("tokens", "features"),
            default_recipe="time-machine",
            source=SOURCE + "section 8.5",
            tags=("rnn", "scratch"),
        ),
        ModelSpec(
            name="gru-scratch",
            summary="A GRU language model from scratch, with the reset gate before the product.",
            config=CONFIG,
            factory="zoo_scratch.models:gru_scratch",
            accepts=("tokens", "features"),
            default_recipe="time-machine",
            source=SOURCE + "section 9.1",
            tags=("gru", "scratch"),
        ),
        ModelSpec(
            name="lstm-scratch",
            summary="An LSTM language model from scratch, with one bias.",
            config=CONFIG,
            factory="zoo_scratch.models:lstm_scratch",
            accepts=("tokens", "features"),
            default_recipe="time-machine",
            source=SOURCE + "section 9.2",
            tags=("lstm", "scratch"),
        ),
    ]
