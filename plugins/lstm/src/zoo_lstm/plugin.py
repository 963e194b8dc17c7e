"""Declarations of this plugin: LSTMs."""

from __future__ import annotations

from zoo_core import ModelSpec, hookimpl

ZOO_API = 3
SOURCE = "Hochreiter & Schmidhuber (1997); forget gate: Gers, Schmidhuber & Cummins (2000)"


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin."""
    return [
        ModelSpec(
            name="lstm-manual",
            summary="One layer of LSTM over one-hot symbols.",
            config="zoo_lstm.configs:LstmManualConfig",
            factory="zoo_lstm.models:lstm_manual",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=SOURCE,
            tags=("lstm", "manual"),
        ),
        ModelSpec(
            name="lstm-embed",
            summary="Embedding, layers of LSTM, linear output.",
            config="zoo_lstm.configs:LstmEmbedConfig",
            factory="zoo_lstm.models:lstm_embed",
            default_recipe="hello",
            source=SOURCE,
            tags=("lstm", "manual", "embedding"),
        ),
        ModelSpec(
            name="lstm-stacked",
            summary="Layers of LSTM, weights and names as in torch.nn.LSTM.",
            config="zoo_lstm.configs:LstmStackedConfig",
            factory="zoo_lstm.models:lstm_stacked",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=SOURCE,
            tags=("lstm", "torch"),
            cell="lstm",
        ),
    ]
