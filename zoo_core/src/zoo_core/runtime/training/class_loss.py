"""The cross entropy of classes, with its gradient and the count of correct targets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple, final

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn.functional import cross_entropy

from zoo_core.runtime.nn.batch import IGNORED
from zoo_core.runtime.nn.kernel import AbstractKernel


@final
class ClassLoss(NamedTuple):
    """The cross entropy of a batch and what an accuracy needs; scalars on the device.

    Args:
        loss: The mean over the targets that count, with weights and label smoothing. Its dtype is
            that of the logits, or float32 if they are in half precision.
        correct: The targets that had the highest logit, the first of equal ones; an integer.
        targets: The targets that count; an integer.
        weight: The sum of their weights; None without weights.
        plain: The sum of the cross entropies without weights and label smoothing; None if the loss
            has neither.
    """

    loss: Tensor
    correct: Tensor
    targets: Tensor
    weight: Tensor | None = None
    plain: Tensor | None = None


class AbstractClassLossKernel(ABC):
    """A capability of a kernel, beside AbstractKernel: the cross entropy in one pass.

    Attributes:
        computes_class_loss: Whether it does on this machine.
    """

    computes_class_loss: bool = True

    @abstractmethod
    def class_loss(
        self,
        logits: Tensor,
        targets: Tensor,
        weights: Tensor | None,
        smoothing: float,
        grad: Tensor | None,
    ) -> ClassLoss | None:
        """Computes the cross entropy and, if asked for, its gradient.

        Args:
            logits: (N, C), contiguous, on the CPU.
            targets: (N,), contiguous integers; ``IGNORED`` does not count.
            weights: The weight of each class, (C,), or None for ones; in float32 if the logits are
                in bfloat16.
            smoothing: The label smoothing.
            grad: Receives the gradient of the loss with respect to the logits, (N, C), in their
                dtype; None if it is not needed.

        Returns:
            The results, without a gradient of their own; None if the kernel does not take these
            tensors, or a target is no class. ``weight`` and ``plain`` are always set.
        """


@final
class _NativeClassLoss(Function):
    """Connects a kernel's cross entropy, which has computed its gradient, to autograd."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, loss: Tensor, grad: Tensor) -> Tensor:
        """Returns the loss; the arguments are those of ``AbstractClassLossKernel`` after a call."""
        ctx.save_for_backward(grad)
        return loss.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_loss: Tensor) -> tuple[Tensor, None, None]:
        """Returns the gradient of the logits."""
        (grad,) = ctx.saved_tensors
        # The loss itself is mostly what is differentiated, and the kernel runs on the CPU.
        scaled = grad if grad_loss.item() == 1 else (grad * grad_loss).to(grad.dtype)
        return scaled, None, None


@final
class CrossEntropy:
    """The cross entropy of classes, with weights of the classes and label smoothing.

    With p the softmax of the logits, y the target, w the weights, ε the smoothing and C the number
    of classes, the loss of a target is

        (1 - ε) w_y (-ln p_y) + ε / C Σ_c w_c (-ln p_c)

    and that of a batch the sum of those over the sum of w_y, as in ``torch.nn.CrossEntropyLoss``.

    Args:
        smoothing: ε.
        weights: w, a number above 0 for each class; None for ones.
    """

    def __init__(self, smoothing: float = 0.0, weights: tuple[float, ...] | None = None) -> None:
        self.smoothing, self.weights = smoothing, weights
        self.is_plain = weights is None and not smoothing

    def __call__(
        self, logits: Tensor, targets: Tensor, kernel: AbstractKernel | None = None
    ) -> ClassLoss:
        """Returns the loss, which has a gradient, and the sums of a batch.

        Args:
            logits: (B, T, C) or (B, C).
            targets: (B, T) or (B,); ``IGNORED`` does not count.
            kernel: The kernel of the run, whose own pass is used if it has one; None for torch's.

        Raises:
            IndexError: A target is no class.
        """
        if isinstance(kernel, AbstractClassLossKernel) and kernel.computes_class_loss:
            result = self._in_one_pass(kernel, logits, targets)
            if result is not None:
                return result
        return self._by_torch(logits, targets)

    def _in_one_pass(
        self, kernel: AbstractClassLossKernel, logits: Tensor, targets: Tensor
    ) -> ClassLoss | None:
        if logits.dim() == 3 and not logits.is_contiguous():
            # time-major in memory: the order of the rows changes no sum but in its last bits
            logits, targets = logits.transpose(0, 1), targets.transpose(0, 1)
        rows, flat = logits.flatten(0, -2).contiguous(), targets.flatten().contiguous()
        values, grad = rows.detach(), None
        if torch.is_grad_enabled() and rows.requires_grad:
            grad = torch.empty_like(values)
        weights = None
        if self.weights is not None:
            dtype = torch.float32 if values.dtype == torch.bfloat16 else values.dtype
            weights = torch.tensor(self.weights, dtype=dtype)
        result = kernel.class_loss(values, flat, weights, self.smoothing, grad)
        if result is None:
            return None
        loss = result.loss if grad is None else _NativeClassLoss.apply(rows, result.loss, grad)
        return ClassLoss(
            loss,
            result.correct,
            result.targets,
            None if weights is None else result.weight,
            None if self.is_plain else result.plain,
        )

    def _by_torch(self, logits: Tensor, targets: Tensor) -> ClassLoss:
        rows, flat = logits.flatten(0, -2), targets.flatten()
        weights = None if self.weights is None else rows.new_tensor(self.weights)
        loss = cross_entropy(
            rows, flat, weight=weights, ignore_index=IGNORED, label_smoothing=self.smoothing
        )
        weight: Tensor | None = None
        plain: Tensor | None = None
        with torch.no_grad():
            counted = flat != IGNORED
            # No class has the index IGNORED, so such a target is never correct.
            correct = (rows.argmax(dim=-1) == flat).sum()
            if not self.is_plain:
                plain = cross_entropy(rows, flat, ignore_index=IGNORED, reduction="sum")
            if weights is not None:
                weight = torch.where(counted, weights[flat.clamp(min=0)], 0).sum()
        return ClassLoss(loss, correct, counted.sum(), weight, plain)
