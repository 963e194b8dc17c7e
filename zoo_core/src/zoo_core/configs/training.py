"""Settings of the training loop, whatever the objective."""

from __future__ import annotations

from typing import Literal

from zoo_core.configs.declare import config, setting

WITH_MOMENTUM = ("SGD", "RMSprop")
"""The optimizers that take a momentum."""


@config
class AbstractTrainerConfig:
    """The settings of the training loop; a trainer's config inherits them and adds its own.

    Optimizers and schedules are those of torch whose state fits safetensors and JSON, so that a run
    can be resumed without pickle.
    """

    epochs: int = setting(
        default=10, unit="epochs", at_least=1, at_most=1_000_000, help="Passes over the data."
    )
    batch_size: int = setting(
        default=32, unit="sequences", at_least=1, help="Sequences in one optimizer step."
    )
    accumulate: int = setting(
        default=1,
        unit="parts",
        at_least=1,
        help="Parts in which the gradient of a batch is computed one after the other, which takes "
        "less memory.",
    )
    checkpoint_steps: int | None = setting(
        default=None,
        unit="steps",
        at_least=1,
        help="Steps of a recurrent layer from one state that is kept for the gradient to the next; "
        "what lies between is computed again, which takes less memory and more time.",
    )
    learning_rate: float = setting(default=1e-3, above=0, help="Step size of the optimizer.")
    optimizer: Literal["Adam", "AdamW", "SGD", "RMSprop", "Adagrad"] = setting(
        default="Adam", help="The torch optimizer; SGD and Adagrad take sparse gradients."
    )
    momentum: float = setting(
        default=0.0,
        at_least=0,
        below=1,
        help="Momentum of SGD and RMSprop.",
        needs=("the optimizer SGD or RMSprop", lambda config: config.optimizer in WITH_MOMENTUM),
    )
    weight_decay: float = setting(default=0.0, at_least=0, help="L2 penalty (AdamW: decoupled).")
    schedule: Literal["CosineAnnealingLR", "LinearLR", "OneCycleLR", "ExponentialLR"] | None = (
        setting(
            default=None,
            help="The torch schedule of the learning rate, over all steps of the run, or from "
            "epoch to epoch (ExponentialLR).",
        )
    )
    decay: float = setting(
        default=0.95,
        above=0,
        at_most=1,
        help="Factor of the learning rate from one epoch to the next, with ExponentialLR.",
        needs=("the schedule ExponentialLR", lambda config: config.schedule == "ExponentialLR"),
    )
    decay_after: int = setting(
        default=1,
        unit="epochs",
        at_least=1,
        help="Epochs at the full learning rate before ExponentialLR lowers it.",
        needs=("the schedule ExponentialLR", lambda config: config.schedule == "ExponentialLR"),
    )
    warm_up: int = setting(
        default=0,
        unit="steps",
        at_least=0,
        help="Steps over which the learning rate rises to that of the schedule.",
    )
    clip_norm: float | None = setting(
        default=1.0, above=0, help="Largest global norm of the gradient; longer ones are scaled."
    )
    patience: int | None = setting(
        default=None,
        unit="epochs",
        at_least=1,
        help="Stop after this many epochs without a better value of the main metric on validation.",
        needs=("keep best", lambda config: config.keep == "best"),
    )
    keep: Literal["best", "last"] = setting(
        default="best",
        help="Whose weights the checkpoint has: those of the epoch with the best value of the main "
        "metric on validation, or of the last epoch.",
    )
    save_every: float = setting(
        default=15.0, unit="seconds", at_least=0, help="Shortest time between two saved states."
    )

    @property
    def needs_class_counts(self) -> bool:
        """Whether the trainer needs to know how often each class is a target in training."""
        return False
