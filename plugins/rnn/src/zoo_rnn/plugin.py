"""Declarations of this plugin: plain recurrent networks."""

from __future__ import annotations

from zoo_core import ModelSpec, hookimpl

ZOO_API = 3
SOURCE = "Elman, Finding Structure in Time, Cognitive Science 14 (1990)"


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin."""
    return [
        ModelSpec(
            name="rnn-cell",
            summary="One layer of RNN over one-hot symbols.",
            config="zoo_rnn.configs:RnnCellConfig",
            factory="zoo_rnn.models:rnn_cell",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=SOURCE,
            tags=("rnn", "manual"),
        ),
        ModelSpec(
            name="rnn-stacked",
            summary="Layers of RNN, weights and names as in torch.nn.RNN.",
            config="zoo_rnn.configs:RnnStackedConfig",
            factory="zoo_rnn.models:rnn_stacked",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=SOURCE,
            tags=("rnn", "torch"),
            cell="rnn",
        ),
        ModelSpec(
            name="rnn-embed",
            summary="Embedding, layers of RNN, linear output.",
            config="zoo_rnn.configs:RnnEmbedConfig",
            factory="zoo_rnn.models:rnn_embed",
            default_recipe="hello",
            source=SOURCE,
            tags=("rnn", "embedding"),
        ),
    ]
