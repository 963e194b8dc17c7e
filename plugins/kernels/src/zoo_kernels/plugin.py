"""Declarations of this plugin: the native kernel."""

from __future__ import annotations

from zoo_core import KernelSpec, hookimpl

ZOO_API = 2


@hookimpl
def zoo_kernels() -> list[KernelSpec]:
    """The kernels of this plugin."""
    return [
        KernelSpec(
            name="native",
            summary="RNN, LSTM and GRU in C++, with the best instructions the processor has.",
            factory="zoo_kernels.kernel:NativeKernel",
            cells=("rnn-tanh", "rnn-relu", "lstm", "gru"),
        )
    ]
