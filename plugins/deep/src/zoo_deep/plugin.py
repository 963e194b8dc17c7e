"""Declarations of this plugin: residual networks of any cell."""

from __future__ import annotations

from zoo_core import ModelSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin."""
    return [
        ModelSpec(
            name="deep",
            summary="Residual blocks of normalization, any model's cell, and an MLP.",
            config="zoo_deep.configs:DeepConfig",
            factory="zoo_deep.model:DeepModel",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source="Xiong et al., On Layer Normalization in the Transformer Architecture (2020); "
            "De et al., Griffin (2024)",
            tags=("deep", "residual", "any-cell"),
        )
    ]
