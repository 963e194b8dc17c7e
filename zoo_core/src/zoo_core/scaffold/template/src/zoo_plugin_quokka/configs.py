# [model|dataset|trainer]
"""Settings of this plugin."""

from __future__ import annotations

from zoo_core import (
    AbstractRecurrentConfig,  # [model]
    AbstractTrainerConfig,  # [trainer]
    config,
    setting,
)


# [end]
# [model]
@config
class QuokkaConfig(AbstractRecurrentConfig):
    """Layers of minimal gated units over one-hot symbols."""

    gate_bias: float = setting(
        default=0.0,
        help="Constant that is added to the gate. Larger values forget the old state sooner.",
    )


# [end]
# [dataset]
@config
class QuokkaDataConfig:
    """All sequences of a number of bits."""

    steps: int = setting(
        default=8, unit="bits", at_least=4, at_most=16, help="Length of a sequence."
    )
    validation: float = setting(default=0.1, above=0, below=0.5, help="Fraction for validation.")
    test: float = setting(default=0.1, above=0, below=0.5, help="Fraction for the final test.")


# [end]
# [trainer]
@config
class QuokkaTrainerConfig(AbstractTrainerConfig):
    """Training with label smoothing."""

    smoothing: float = setting(
        default=0.1,
        at_least=0,
        below=1,
        help="Fraction of the target that is spread over all classes.",
    )


# [end]
