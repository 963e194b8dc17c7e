"""Declarations of this plugin: trainers."""

from __future__ import annotations

from zoo_core import TrainerSpec, hookimpl

ZOO_API = 2


@hookimpl
def zoo_trainers() -> list[TrainerSpec]:
    """The trainers of this plugin."""
    return [
        TrainerSpec(
            name="supervised",
            summary="Trains on labels of steps or sequences; cross entropy in nats, accuracy.",
            config="zoo_train.configs:SupervisedConfig",
            factory="zoo_train.supervised:SupervisedTrainer",
            tags=("classification",),
        ),
        TrainerSpec(
            name="next-token",
            summary="Trains on the next symbol; cross entropy, perplexity, bits per character.",
            config="zoo_train.configs:NextTokenConfig",
            factory="zoo_train.next_token:NextTokenTrainer",
            tags=("language-model",),
            next_token=True,
        ),
    ]
