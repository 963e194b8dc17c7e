"""What stands in the place of a plugin's kernel that cannot be made."""

from __future__ import annotations

from typing import Any, final

from torch import Tensor

from zoo_core.errors import PluginError
from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.state import LayerState


@final
class BrokenKernel(AbstractKernel):
    """Runs nothing and says why, so that one broken plugin leaves the other kernels their work.

    Args:
        name: What ``--backend`` would call it.
        details: Who brings it, and why it cannot be made.
    """

    def __init__(self, name: str, details: str) -> None:
        self.name = name
        self.details = details

    @property
    def excuse(self) -> str:
        """Which backend it is, who brings it, and why it cannot be made."""
        return f"backend {self.name!r} of {self.details}"

    def refuses(self, cell: AbstractCell[Any], like: Tensor) -> str:
        """Everything."""
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
        raise PluginError(self.excuse)
