"""Declarations of this plugin: linear recurrences and their kernel."""

from __future__ import annotations

from zoo_core import KernelSpec, ModelSpec, hookimpl

ZOO_API = 2
LRU_SOURCE = "Orvieto et al., Resurrecting Recurrent Neural Networks for Long Sequences (2023)"
MINIMAL_SOURCE = "Feng et al., Were RNNs All We Needed? (2024)"


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin."""
    return [
        ModelSpec(
            name="mingru",
            summary="Minimal GRU, whose update gate does not see the state.",
            config="zoo_linear.configs:MinimalConfig",
            factory="zoo_linear.models:min_gru",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=MINIMAL_SOURCE,
            tags=("linear", "gru"),
        ),
        ModelSpec(
            name="minlstm",
            summary="Minimal LSTM, whose gates do not see the state.",
            config="zoo_linear.configs:MinimalConfig",
            factory="zoo_linear.models:min_lstm",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=MINIMAL_SOURCE,
            tags=("linear", "lstm"),
        ),
        ModelSpec(
            name="lru",
            summary="Linear recurrent unit: complex states that turn and decay.",
            config="zoo_linear.configs:LruConfig",
            factory="zoo_linear.models:lru",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=LRU_SOURCE,
            tags=("linear", "complex"),
        ),
    ]


@hookimpl
def zoo_kernels() -> list[KernelSpec]:
    """The kernels of this plugin."""
    return [
        KernelSpec(
            name="linear-scan",
            summary="Linear recurrences in plain torch, about √T operations for T steps.",
            factory="zoo_linear.kernel:LinearScanKernel",
            cells=("min-gru", "min-lstm", "lru"),
        )
    ]
