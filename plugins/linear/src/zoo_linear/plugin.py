"""Declarations of this plugin: linear recurrences and their kernel."""

from __future__ import annotations

from zoo_core import KernelSpec, ModelSpec, hookimpl

ZOO_API = 3
GRIFFIN_SOURCE = (
    "De et al., Griffin: Mixing Gated Linear Recurrences with Local Attention for Efficient "
    "Language Models (2024)"
)
LRU_SOURCE = "Orvieto et al., Resurrecting Recurrent Neural Networks for Long Sequences (2023)"
MAMBA_SOURCE = "Gu & Dao, Mamba: Linear-Time Sequence Modeling with Selective State Spaces (2023)"
MINIMAL_SOURCE = "Feng et al., Were RNNs All We Needed? (2024)"
S4D_SOURCE = (
    "Gu, Gupta, Goel & Ré, On the Parameterization and Initialization of Diagonal State Space "
    "Models (2022)"
)
SRU_SOURCE = "Lei et al., Simple Recurrent Units for Highly Parallelizable Recurrence (2018)"


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
        ModelSpec(
            name="qrnn",
            summary="Quasi-recurrent network: gates that see two inputs, and pooling over time.",
            config="zoo_linear.configs:LinearConfig",
            factory="zoo_linear.models:qrnn",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source="Bradbury et al., Quasi-Recurrent Neural Networks (2016)",
            tags=("linear", "convolution"),
        ),
        ModelSpec(
            name="rg-lru",
            summary="Real-gated linear recurrent unit, the recurrence of Griffin.",
            config="zoo_linear.configs:RgLruConfig",
            factory="zoo_linear.models:rg_lru",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=GRIFFIN_SOURCE,
            tags=("linear", "griffin"),
        ),
        ModelSpec(
            name="s4d",
            summary="Diagonal state space model: every unit is filtered by complex states.",
            config="zoo_linear.configs:S4dConfig",
            factory="zoo_linear.models:s4d",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=S4D_SOURCE,
            tags=("linear", "complex", "ssm"),
        ),
        ModelSpec(
            name="s6",
            summary="Selective state space of Mamba, with its convolution and its output gate.",
            config="zoo_linear.configs:S6Config",
            factory="zoo_linear.models:s6",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=MAMBA_SOURCE,
            tags=("linear", "ssm", "mamba", "convolution"),
        ),
        ModelSpec(
            name="sru",
            summary="Simple recurrent unit: gates that see their own unit, and a highway.",
            config="zoo_linear.configs:SruConfig",
            factory="zoo_linear.models:sru",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=SRU_SOURCE,
            tags=("linear", "highway"),
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
            cells=("min-gru", "min-lstm", "lru", "qrnn", "rg-lru", "s4d", "s6", "sru"),
        )
    ]
