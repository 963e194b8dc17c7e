"""Declarations of this plugin: GRUs."""

from __future__ import annotations

from zoo_core import ModelSpec, hookimpl

ZOO_API = 3
SOURCE = "Cho et al., Learning Phrase Representations using RNN Encoder-Decoder (2014)"


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin."""
    return [
        ModelSpec(
            name="gru-manual",
            summary="One layer of GRU over one-hot symbols, its reset gate in either place.",
            config="zoo_gru.configs:GruManualConfig",
            factory="zoo_gru.models:gru_manual",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=SOURCE,
            tags=("gru", "manual"),
        ),
        ModelSpec(
            name="gru-embed",
            summary="Embedding, layers of GRU, linear output.",
            config="zoo_gru.configs:GruEmbedConfig",
            factory="zoo_gru.models:gru_embed",
            default_recipe="hello",
            source=SOURCE,
            tags=("gru", "manual", "embedding"),
        ),
        ModelSpec(
            name="gru-stacked",
            summary="Layers of GRU, weights and names as in torch.nn.GRU.",
            config="zoo_gru.configs:GruStackedConfig",
            factory="zoo_gru.models:gru_stacked",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=SOURCE,
            tags=("gru", "torch"),
            cell="gru",
        ),
    ]
