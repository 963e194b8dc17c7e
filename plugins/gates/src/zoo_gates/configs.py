"""Settings of the models of gated cells."""

from __future__ import annotations

from typing import Literal, TypeAlias

from zoo_core import AbstractEmbeddedRecurrentConfig, config, setting

Activation: TypeAlias = Literal["relu", "tanh"]


@config
class GatesConfig(AbstractEmbeddedRecurrentConfig):
    """Layers of a cell, above an embedding if the inputs are tokens."""


@config
class ZoneoutConfig(GatesConfig):
    """Layers of LSTM with zoneout."""

    zoneout_cell: float = setting(
        default=0.1,
        at_least=0,
        below=1,
        help="Probability with which a unit keeps its cell state at a step.",
    )
    zoneout_hidden: float = setting(
        default=0.05,
        at_least=0,
        below=1,
        help="Probability with which a unit keeps its hidden state at a step.",
    )


@config
class RecurrentDropoutConfig(GatesConfig):
    """Layers of LSTM with recurrent dropout."""

    recurrent_dropout: float = setting(
        default=0.1, at_least=0, below=1, help="Probability of dropping a candidate at a step."
    )


@config
class IndRnnConfig(GatesConfig):
    """Layers of IndRNN."""

    activation: Activation = setting(default="relu", help="What a unit applies to its sum.")


@config
class JanetConfig(GatesConfig):
    """Layers of JANET."""

    beta: float = setting(
        default=1.0, at_least=0, help="How much less of the candidate is forgotten than kept."
    )
    chrono_steps: int | None = setting(
        default=64,
        unit="steps",
        at_least=3,
        help="Longest memory to start from (chrono initialization); none: biases as torch draws "
        "them.",
        needs=("bias", lambda config: config.bias),
    )
