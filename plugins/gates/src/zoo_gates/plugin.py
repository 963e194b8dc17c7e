"""Declarations of this plugin: gated cells."""

from __future__ import annotations

from zoo_core import ModelSpec, hookimpl

ZOO_API = 3
JANET_SOURCE = (
    "van der Westhuizen & Lasenby, The Unreasonable Effectiveness of the Forget Gate (2018)"
)


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin."""
    return [
        ModelSpec(
            name="layer-norm-lstm",
            summary="LSTM with layer normalization of its sums and of its cell state.",
            config="zoo_gates.configs:GatesConfig",
            factory="zoo_gates.models:layer_norm_lstm",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source="Ba, Kiros & Hinton, Layer Normalization (2016)",
            tags=("gates", "lstm"),
        ),
        ModelSpec(
            name="peephole-lstm",
            summary="LSTM whose gates see the cell state.",
            config="zoo_gates.configs:GatesConfig",
            factory="zoo_gates.models:peephole_lstm",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source="Gers & Schmidhuber, Recurrent Nets that Time and Count (2000); Graves (2013)",
            tags=("gates", "lstm"),
        ),
        ModelSpec(
            name="cifg-lstm",
            summary="LSTM with coupled gates: it forgets as much as it takes in.",
            config="zoo_gates.configs:GatesConfig",
            factory="zoo_gates.models:cifg_lstm",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source="Greff et al., LSTM: A Search Space Odyssey (2017)",
            tags=("gates", "lstm", "coupled"),
        ),
        ModelSpec(
            name="zoneout-lstm",
            summary="LSTM whose units keep their state at random steps of training.",
            config="zoo_gates.configs:ZoneoutConfig",
            factory="zoo_gates.models:zoneout_lstm",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source="Krueger et al., Zoneout (2017)",
            tags=("gates", "lstm", "regularization"),
        ),
        ModelSpec(
            name="recurrent-dropout-lstm",
            summary="LSTM that drops candidates in training, never what it remembers.",
            config="zoo_gates.configs:RecurrentDropoutConfig",
            factory="zoo_gates.models:recurrent_dropout_lstm",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source="Semeniuta, Severyn & Barth, Recurrent Dropout without Memory Loss (2016)",
            tags=("gates", "lstm", "regularization"),
        ),
        ModelSpec(
            name="mgu",
            summary="Minimal gated unit: a GRU whose one gate both resets and updates.",
            config="zoo_gates.configs:GatesConfig",
            factory="zoo_gates.models:mgu",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source="Zhou et al., Minimal Gated Unit for Recurrent Neural Networks (2016)",
            tags=("gates", "gru"),
        ),
        ModelSpec(
            name="indrnn",
            summary="Independently recurrent network: each unit sees its own state alone.",
            config="zoo_gates.configs:IndRnnConfig",
            factory="zoo_gates.models:indrnn",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source="Li et al., Independently Recurrent Neural Network (2018)",
            tags=("gates", "rnn"),
        ),
        ModelSpec(
            name="janet",
            summary="LSTM with nothing but a forget gate, for long memories.",
            config="zoo_gates.configs:JanetConfig",
            factory="zoo_gates.models:janet",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=JANET_SOURCE,
            tags=("gates", "lstm"),
        ),
    ]
