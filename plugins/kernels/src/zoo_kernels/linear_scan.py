"""The scan of linear recurrences by the compiled library."""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple, final

import torch
from torch import Tensor
from torch.autograd import Function

from zoo_core.runtime.nn import valid_steps
from zoo_kernels.library import LinearScanArguments, NativeLibrary
from zoo_kernels.strided import columns_together, strided


@final
class Marks(NamedTuple):
    """What a scan does at which steps; see LinearScan.

    Args:
        starts: The steps before which the state becomes zeros, (B, T), bool.
        lengths: The number of valid steps of each row, (B,).
        reverse: Whether to run from the last step to the first.
    """

    starts: Tensor | None
    lengths: Tensor | None
    reverse: bool


@final
class NativeScan:
    """Computes h_t = a_t ⊙ h_{t-1} + b_t in one call: a ``LinearScan``.

    Args:
        library: The compiled functions.
    """

    def __init__(self, library: NativeLibrary) -> None:
        self.library = library

    def __call__(
        self,
        decay: Tensor,
        added: Tensor,
        initial: Tensor,
        *,
        starts: Tensor | None = None,
        lengths: Tensor | None = None,
        reverse: bool = False,
    ) -> Tensor:
        """See LinearScan. Numbers in bfloat16 are scanned in float32."""
        dtype = torch.float32
        for tensor in (decay, added, initial):
            dtype = torch.promote_types(dtype, tensor.dtype)
        decay, added, initial = (tensor.to(dtype) for tensor in (decay, added, initial))
        if decay.dim() > 1:
            decay = decay.expand_as(added)
        marks = Marks(starts, lengths, reverse)
        states: Tensor = _Scan.apply(self.library, marks, decay, added, initial)
        return states


@final
class _Scan(Function):
    """The scan and its derivative.

    With g_t the gradient of h_t and * the complex conjugate,

        db_t = g_t + a*_{t+1} ⊙ db_{t+1}        da_t = db_t ⊙ h*_{t-1}        dh_0 = a*_1 ⊙ db_1
    """

    @staticmethod
    def forward(
        ctx: Any,
        library: NativeLibrary,
        marks: Marks,
        decay: Tensor,
        added: Tensor,
        initial: Tensor,
    ) -> Tensor:
        """Computes the states, (B, T, N)."""
        decay, added, initial = columns_together(decay, added, initial.contiguous())
        states = torch.empty(added.shape, dtype=added.dtype, device="cpu")
        _call(
            library,
            library.scan_forward,
            marks,
            states,
            decay=decay,
            added=added,
            initial=initial,
        )
        ctx.save_for_backward(decay, initial, states)
        ctx.library, ctx.marks = library, marks
        return states

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        """Returns the gradients of the arguments; it can be differentiated itself."""
        (grad,) = grad_outputs
        decay, initial, states = ctx.saved_tensors
        if torch.is_grad_enabled():
            scan = NativeScan(ctx.library)
            return (
                None,
                None,
                *_differentiable_gradients(scan, ctx.marks, decay, initial, states, grad),
            )
        (grad,) = columns_together(grad)
        d_added, d_initial = torch.empty_like(states), torch.empty_like(initial)
        gradients = {"d_added": d_added, "d_initial": d_initial}
        d_decay = None
        if ctx.needs_input_grad[2]:
            is_constant = decay.dim() == 1
            d_decay = torch.empty_like(initial if is_constant else states)
            gradients["d_decay_sum" if is_constant else "d_decay"] = d_decay
        _call(
            ctx.library,
            ctx.library.scan_backward,
            ctx.marks,
            states,
            decay=decay,
            initial=initial,
            grad=grad,
            **gradients,
        )
        if d_decay is not None and decay.dim() == 1:
            d_decay = d_decay.sum(0)
        return None, None, d_decay, d_added, d_initial


def _differentiable_gradients(
    scan: NativeScan, marks: Marks, decay: Tensor, initial: Tensor, states: Tensor, grad: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns the gradients of decay, added and initial by operations with derivatives."""
    is_constant, reverse = decay.dim() == 1, marks.reverse
    decay = decay.expand_as(states)
    padding = torch.zeros(states.shape[:2], dtype=torch.bool, device="cpu")
    if marks.lengths is not None:
        padding = ~valid_steps(marks.lengths, states.shape[1], states.device)
    started = padding if marks.starts is None else marks.starts | padding
    unused, padding = started.unsqueeze(2), padding.unsqueeze(2)
    # as one scan without lengths: padding keeps the state
    factor = torch.where(unused, padding.to(decay.dtype), decay.conj())
    first = slice(-1, None) if reverse else slice(1)
    zeros, start = torch.zeros_like(factor[:, first]), initial.unsqueeze(1)
    stops = None  # where the gradient starts anew
    if marks.starts is not None:
        stops = marks.starts.roll(1 if reverse else -1, 1)
        stops[:, 0 if reverse else -1] = False
    if reverse:
        later = torch.cat([zeros, factor[:, :-1]], dim=1)
        before = torch.cat([states[:, 1:], start], dim=1)
    else:
        later = torch.cat([factor[:, 1:], zeros], dim=1)
        before = torch.cat([start, states[:, :-1]], dim=1)
    total = scan(later, grad, torch.zeros_like(initial), starts=stops, reverse=not reverse)
    d_decay = torch.where(unused, 0, total * before.conj())
    d_initial = (factor[:, first] * total[:, first]).squeeze(1)
    return (
        d_decay.sum((0, 1)) if is_constant else d_decay,
        torch.where(padding, 0, total),
        d_initial,
    )


def _call(
    library: NativeLibrary, function: Any, marks: Marks, states: Tensor, **tensors: Tensor
) -> None:
    """Calls a function of the library for some fields of its struct."""
    rows, steps, width = states.shape
    dtypes = {tensor.dtype for tensor in tensors.values()}
    assert dtypes == {states.dtype}, f"C++ takes one dtype, not {dtypes}"
    fields: dict[str, Any] = {}
    for name, tensor in tensors.items():
        if name in ("decay", "added", "grad"):
            fields[name] = strided(tensor)
        else:
            assert tensor.is_contiguous(), "C++ does not check it"
            fields[name] = tensor.data_ptr()
    kept = []  # alive until the call ends
    if marks.lengths is not None:
        kept.append(marks.lengths.to(torch.int64).contiguous())
        fields["lengths"] = kept[-1].data_ptr()
    if marks.starts is not None:
        kept.append(marks.starts.contiguous())
        fields["starts"] = kept[-1].data_ptr()
    is_complex = states.is_complex()
    arguments = LinearScanArguments(
        element_size=states.element_size() // (2 if is_complex else 1),
        level=library.level,
        threads=torch.get_num_threads(),
        reverse=marks.reverse,
        is_complex=is_complex,
        steps=steps,
        rows=rows,
        width=width,
        states=states.data_ptr(),
        **fields,
    )
    function(ctypes.byref(arguments))
