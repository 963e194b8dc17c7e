"""Settings of the models of matrix states."""

from __future__ import annotations

from typing import Literal, TypeAlias

from zoo_core import AbstractEmbeddedRecurrentConfig, config, setting
from zoo_core.errors import ConfigError

ForgetGate: TypeAlias = Literal["sigmoid", "exponential"]


@config
class AbstractHeadsConfig(AbstractEmbeddedRecurrentConfig):
    """The settings of layers whose units are divided into heads."""

    num_heads: int = setting(
        default=4,
        unit="heads",
        at_least=1,
        help="Number of heads, which share the hidden state equally.",
    )

    def __post_init__(self) -> None:
        """Checks that the heads share the hidden state equally.

        Raises:
            ConfigError: Some units would be left over.
        """
        if self.hidden_size % self.num_heads:
            raise ConfigError(
                f"model.hidden_size = {self.hidden_size}: expected a multiple of model.num_heads "
                f"= {self.num_heads}"
            )


@config
class AbstractMatrixConfig(AbstractHeadsConfig):
    """The settings of layers with a matrix for each head."""

    key_size: int | None = setting(
        default=None,
        unit="units",
        at_least=1,
        help="Width of a head's keys and queries; none: that of its values, hidden_size / "
        "num_heads.",
    )


@config
class MlstmConfig(AbstractMatrixConfig):
    """Layers of mLSTM."""

    forget_gate: ForgetGate = setting(
        default="sigmoid", help="What the forget gate applies to its sum."
    )


@config
class SlstmConfig(AbstractHeadsConfig):
    """Layers of sLSTM."""

    forget_gate: ForgetGate = setting(
        default="sigmoid", help="What the forget gate applies to its sum."
    )


@config
class DeltaConfig(AbstractMatrixConfig):
    """Layers of DeltaNet or gated DeltaNet."""

    bias: bool = setting(
        default=False, help="Whether the projections have biases, which the papers have not."
    )
    negative_eigenvalues: bool = setting(
        default=False,
        help="Whether a step multiplies the memory by eigenvalues in [-1, 1], which can count "
        "parities, instead of [0, 1].",
    )
