"""Declarations of this plugin: convolutional classifiers and their data."""

from __future__ import annotations

from zoo_core import DatasetSpec, ModelSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin."""
    return [
        ModelSpec(
            name="cnn1d",
            summary="Embedding, convolutions over time, a classifier of the whole text.",
            config="zoo_cnn.configs:Cnn1dConfig",
            factory="zoo_cnn.text:TextClassifier",
            accepts=("tokens", "features"),
            per=("sequence",),
            default_recipe="prose-or-code",
            source="Kim, Convolutional Neural Networks for Sentence Classification (2014)",
            tags=("convolution", "classification"),
        ),
        ModelSpec(
            name="cnn2d",
            summary="Convolutions over an image, a classifier.",
            config="zoo_cnn.configs:CnnGridConfig",
            factory="zoo_cnn.grid:cnn2d",
            accepts=("grid",),
            per=("sequence",),
            default_recipe="digits",
            source="LeCun et al., Gradient-Based Learning Applied to Document Recognition (1998)",
            tags=("convolution", "classification", "image"),
        ),
        ModelSpec(
            name="cnn3d",
            summary="Convolutions over a video, a classifier.",
            config="zoo_cnn.configs:CnnGridConfig",
            factory="zoo_cnn.grid:cnn3d",
            accepts=("grid",),
            per=("sequence",),
            default_recipe="moving-digits",
            source="Ji et al., 3D Convolutional Networks for Human Action Recognition (2013)",
            tags=("convolution", "classification", "video"),
        ),
    ]


@hookimpl
def zoo_datasets() -> list[DatasetSpec]:
    """The datasets of this plugin."""
    return [
        DatasetSpec(
            name="digits",
            summary="1,797 images of handwritten digits, 8 × 8 cells each.",
            config="zoo_cnn.configs:DigitsConfig",
            factory="zoo_cnn.digits:digits",
            default_trainer="supervised",
            source="Alpaydin & Kaynak (1998), as included in scikit-learn",
            license="CC-BY-4.0",
            tags=("image", "offline", "classification"),
        ),
        DatasetSpec(
            name="moving-digits",
            summary="Videos of the same digits moving over a canvas, labelled with the direction.",
            config="zoo_cnn.configs:MovingDigitsConfig",
            factory="zoo_cnn.digits:moving_digits",
            default_trainer="supervised",
            source="made from the dataset digits",
            license="CC-BY-4.0",
            tags=("video", "offline", "classification"),
        ),
    ]
