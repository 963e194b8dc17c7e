"""Declarations of this plugin: the native kernel."""

from __future__ import annotations

from zoo_core import KernelSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_kernels() -> list[KernelSpec]:
    """The kernels of this plugin."""
    return [
        KernelSpec(
            name="native",
            summary="RNN, LSTM, GRU and linear recurrences in C++, by the best instructions.",
            factory="zoo_kernels.kernel:NativeKernel",
            cells=(
                *("rnn-tanh", "rnn-relu", "lstm", "gru"),
                *("min-gru", "min-lstm", "lru", "qrnn", "rg-lru", "s4d", "s6", "sru"),
            ),
            priority=1,
        )
    ]
