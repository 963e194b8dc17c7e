"""Declarations of this plugin: recurrences with a matrix state and their kernel."""

from __future__ import annotations

from zoo_core import KernelSpec, ModelSpec, hookimpl

ZOO_API = 3
XLSTM_SOURCE = "Beck et al., xLSTM: Extended Long Short-Term Memory (2024)"
DELTA_SOURCE = (
    "Yang et al., Parallelizing Linear Transformers with the Delta Rule over Sequence Length (2024)"
)
GATED_SOURCE = "Yang et al., Gated Delta Networks: Improving Mamba2 with Delta Rule (2024)"


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin."""
    return [
        ModelSpec(
            name="mlstm",
            summary="LSTM with a matrix memory and an exponential input gate, of xLSTM.",
            config="zoo_matrix.configs:MlstmConfig",
            factory="zoo_matrix.models:mlstm",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=XLSTM_SOURCE,
            tags=("xlstm", "matrix", "lstm"),
        ),
        ModelSpec(
            name="slstm",
            summary="LSTM with an exponential input gate and recurrent heads, of xLSTM.",
            config="zoo_matrix.configs:SlstmConfig",
            factory="zoo_matrix.models:slstm",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=XLSTM_SOURCE,
            tags=("xlstm", "gates", "lstm"),
        ),
        ModelSpec(
            name="deltanet",
            summary="DeltaNet: a matrix memory in which a key overwrites what it reads.",
            config="zoo_matrix.configs:DeltaConfig",
            factory="zoo_matrix.models:deltanet",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=DELTA_SOURCE,
            tags=("delta-rule", "matrix", "linear"),
        ),
        ModelSpec(
            name="gated-deltanet",
            summary="DeltaNet whose memory decays, with an output gate.",
            config="zoo_matrix.configs:DeltaConfig",
            factory="zoo_matrix.models:gated_deltanet",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source=GATED_SOURCE,
            tags=("delta-rule", "matrix", "linear", "gates"),
        ),
    ]


@hookimpl
def zoo_kernels() -> list[KernelSpec]:
    """The kernels of this plugin."""
    return [
        KernelSpec(
            name="matrix-chunks",
            summary="Recurrences with a matrix state in plain torch, chunks of 32 steps at once.",
            factory="zoo_matrix.kernel:MatrixChunksKernel",
            cells=("mlstm", "deltanet", "gated-deltanet"),
        )
    ]
