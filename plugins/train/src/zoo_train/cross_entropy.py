"""The cross entropy that the settings of a trainer ask for."""

from __future__ import annotations

from zoo_core import Classes, Signature
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.runtime.training.class_loss import CrossEntropy
from zoo_train.configs import BALANCED, AbstractClassConfig
from zoo_train.numbers import parse_numbers


def make_cross_entropy(config: AbstractClassConfig, signature: Signature) -> CrossEntropy:
    """Returns the cross entropy with the settings' label smoothing and weights.

    Args:
        config: Label smoothing and weights.
        signature: Signature of the data, whose outputs are classes.

    Raises:
        ConfigError: There is not one weight for each class, or a weight is not above 0; or balanced
            weights are asked for and the data does not count its classes.
        MisfitError: The outputs are not classes.
    """
    if not isinstance(signature.outputs, Classes):
        raise MisfitError("cross entropy is for classes; this data has other outputs")
    return CrossEntropy(config.label_smoothing, _class_weights(config, signature.outputs))


def _class_weights(config: AbstractClassConfig, outputs: Classes) -> tuple[float, ...] | None:
    """Returns the weight of each class, or None for equal weights."""
    if config.class_weights is None:
        return None
    if config.class_weights == BALANCED:
        if not outputs.counts:
            raise ConfigError(
                f"trainer.class_weights = {BALANCED}: the data does not count its classes; give a "
                "number for each"
            )
        total, size = sum(outputs.counts), outputs.size
        return tuple(total / (size * max(count, 1)) for count in outputs.counts)
    expected = f"{outputs.size} numbers above 0, or {BALANCED}"
    weights = parse_numbers(config.class_weights, "trainer.class_weights", expected)
    if len(weights) != outputs.size or min(weights) <= 0:
        raise ConfigError(
            f"trainer.class_weights = {config.class_weights!r:.80}: expected {expected}"
        )
    return weights
