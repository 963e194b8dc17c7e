"""The cross entropy of classes by the compiled library."""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor

from zoo_core.runtime.nn import IGNORED
from zoo_core.runtime.training.class_loss import ClassLoss
from zoo_kernels.library import ClassLossArguments, NativeLibrary
from zoo_kernels.memory import memory

DTYPES = (torch.float32, torch.float64, torch.bfloat16)


def class_loss(
    library: NativeLibrary,
    logits: Tensor,
    targets: Tensor,
    weights: Tensor | None,
    smoothing: float,
    grad: Tensor | None,
) -> ClassLoss | None:
    """Computes the cross entropy of a batch; see AbstractClassLossKernel.

    The sums of every 64 rows are added up first, so the number of threads changes no bit.

    Args:
        library: The compiled functions.
        logits: As for AbstractClassLossKernel.
        targets: As for AbstractClassLossKernel.
        weights: As for AbstractClassLossKernel.
        smoothing: As for AbstractClassLossKernel.
        grad: As for AbstractClassLossKernel.
    """
    if logits.dtype not in DTYPES or logits.device.type != "cpu" or not logits.numel():
        return None
    if targets.dtype != torch.int64 or len(targets) != len(logits):
        return None
    tensors = {"logits": logits, "targets": targets, "weights": weights, "grad": grad}
    pointers = {name: tensor.data_ptr() for name, tensor in tensors.items() if tensor is not None}
    assert all(tensor.is_contiguous() for tensor in tensors.values() if tensor is not None)
    arguments = ClassLossArguments(
        element_size=logits.element_size(),
        level=library.level,
        threads=torch.get_num_threads(),
        rows=logits.shape[0],
        classes=logits.shape[1],
        ignored=IGNORED,
        smoothing=smoothing,
        **pointers,
    )
    size = library.class_loss_workspace(ctypes.byref(arguments))
    workspace = memory(size)
    arguments.workspace = workspace.data_ptr()
    if not library.class_loss(ctypes.byref(arguments)):
        return None
    dtype = torch.float32 if logits.dtype == torch.bfloat16 else logits.dtype
    return ClassLoss(
        loss=torch.tensor(arguments.loss, dtype=dtype, device="cpu"),
        correct=torch.tensor(arguments.correct, device="cpu"),
        targets=torch.tensor(arguments.counted, device="cpu"),
        weight=torch.tensor(arguments.weight, dtype=dtype, device="cpu"),
        plain=torch.tensor(arguments.plain_loss, dtype=dtype, device="cpu"),
    )
