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
        default=0.0, help="Added to the gate; the greater, the sooner the old state is left."
    )


# [end]
# [dataset]
@config
class QuokkaDataConfig:
    """Every sequence of so many bits."""

    steps: int = setting(
        default=8, unit="bits", at_least=4, at_most=16, help="Length of a sequence."
    )
    validation: float = setting(default=0.1, above=0, below=0.5, help="Share held out to watch.")
    test: float = setting(default=0.1, above=0, below=0.5, help="Share held out to the end.")


# [end]
# [trainer]
@config
class QuokkaTrainerConfig(AbstractTrainerConfig):
    """Training on smoothed labels."""

    smoothing: float = setting(
        default=0.1, at_least=0, below=1, help="Share of the target that all classes divide."
    )


# [end]
