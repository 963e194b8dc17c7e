"""The stand-in for a plugin's kernel that cannot be created."""

from __future__ import annotations

from typing import Any, final

from torch import Tensor

from zoo_core.errors import PluginError
from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.state import LayerState


@final
class UnavailableKernel(AbstractKernel):
    """Runs nothing and says why, so that a broken plugin does not disable the other kernels.

    Args:
        name: What ``--backend`` would call it.
        details: The plugin that brings it, and why it cannot be created.
    """

    def __init__(self, name: str, details: str) -> None:
        self.name = name
        self.details = details

    @property
    def reason(self) -> str:
        """The backend, the plugin that brings it, and why it cannot be created."""
        return f"backend {self.name!r} of {self.details}"

    def unsupported_reason(self, cell: AbstractCell[Any], like: Tensor) -> str:
        """See AbstractKernel: every cell."""
        return self.details

    def scan(
        self,
        cell: AbstractCell[Any],
        weights: Weights,
        inputs: Tensor,
        state: LayerState,
        *,
        lengths: Tensor | None,
        reverse: bool,
    ) -> tuple[Tensor, LayerState]:
        """See AbstractKernel.

        Raises:
            PluginError: Always.
        """
        raise PluginError(self.reason)
