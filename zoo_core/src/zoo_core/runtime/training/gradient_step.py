"""What follows the gradients in a step: their norm, and the optimizer.

torch's own functions do the same for any optimizer and device. On the CPU, with one dtype and a
fused Adam, most of their time is what leads to the operations, and in a step of a small model that
is a third of the time. The operations here are theirs, so the results are the same bits.
"""

from __future__ import annotations

from typing import Any, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.utils import get_total_norm
from torch.optim import Adam, AdamW, Optimizer

STATE_NAMES = ("step", "exp_avg", "exp_avg_sq")
"""What Adam keeps of each parameter."""
UNUSUAL = ("amsgrad", "maximize", "differentiable", "capturable")
"""Options of Adam that are left to the optimizer."""


def total_norm(gradients: list[Tensor]) -> Tensor:
    """Returns the norm of all gradients together, a scalar on their device."""
    kinds = {(gradient.dtype, gradient.device.type, gradient.layout) for gradient in gradients}
    if len(kinds) != 1 or next(iter(kinds))[1:] != ("cpu", torch.strided):
        return get_total_norm(gradients)
    with torch.no_grad():
        norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients, 2.0)))
    return norm


@final
class OptimizerStep:
    """Takes the steps of an optimizer, those of a fused Adam on the CPU directly.

    Args:
        optimizer: The optimizer. What it keeps must not be replaced afterwards.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self._optimizer = optimizer
        self._kept: list[list[list[Tensor]]] | None = None
        self._steps: list[npt.NDArray[Any]] = []
        self._is_direct = isinstance(optimizer, (Adam, AdamW)) and all(
            group.get("fused")
            and not any(group.get(name) for name in UNUSUAL)
            and isinstance(group["lr"], float)
            and all(parameter.device.type == "cpu" for parameter in group["params"])
            for group in optimizer.param_groups
        )
        is_adamw = isinstance(optimizer, AdamW)  # a subclass of Adam in newer versions of torch
        self._update: Any = torch._fused_adamw_ if is_adamw else torch._fused_adam_

    def __call__(self) -> None:
        """Changes the parameters by their gradients."""
        if not self._is_direct or not self._update_directly():
            self._optimizer.step()

    def _update_directly(self) -> bool:
        """Takes the step if every parameter has a gradient and no hook expects a call."""
        optimizer = self._optimizer
        if optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks:
            return False
        groups = optimizer.param_groups
        gradients = [[parameter.grad for parameter in group["params"]] for group in groups]
        if any(gradient is None for group in gradients for gradient in group):
            return False
        if self._kept is None:
            if not all(optimizer.state.get(p) for group in groups for p in group["params"]):
                return False  # the optimizer makes them in its first step
            self._kept = [
                [[optimizer.state[p][name] for p in group["params"]] for name in STATE_NAMES]
                for group in groups
            ]
            # arrays of the same memory: for a single number, a call of NumPy is faster than torch's
            self._steps = [step.numpy() for steps, _, _ in self._kept for step in steps]
        for step in self._steps:
            np.add(step, 1, out=step)
        with torch.no_grad():
            for group, grads, (steps, means, squares) in zip(
                groups, gradients, self._kept, strict=True
            ):
                beta_1, beta_2 = group["betas"]
                self._update(
                    group["params"],
                    grads,
                    means,
                    squares,
                    [],
                    steps,
                    lr=group["lr"],
                    beta1=beta_1,
                    beta2=beta_2,
                    weight_decay=group["weight_decay"],
                    eps=group["eps"],
                    amsgrad=False,
                    maximize=False,
                )
        return True
