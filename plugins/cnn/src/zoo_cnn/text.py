"""The convolutional classifier of text."""

from __future__ import annotations

from bisect import bisect_left
from typing import final

import torch
from torch import Tensor

from zoo_cnn.configs import AbstractCnnConfig, Cnn1dConfig
from zoo_cnn.lengths import length_after_convolution, length_after_pool, smallest_to_pad
from zoo_cnn.stages import Block, make_blocks, make_classifier
from zoo_core import Signature, Tokens
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn import AbstractModel, Batch, Embedding, Output, State

MAX_LENGTH = 2**62
"""Steps of the longest input that is considered."""


@final
class TextClassifier(AbstractModel):
    """Embedding, a feature stage over time, the maximum of each channel, a classifier stage.

        y = block_n(… block_1(x))
        m = max_t y_t
        z = classifier(m)

    x are the embedded symbols or the features (B, E, T), y the channels (B, C, T') after the last
    block, m their maxima over the steps (B, C), z the logits (B, classes).

    A row in a padded batch has the same result as the row alone: after every layer the padding is
    set to zero, and the maximum is taken over the steps of the row itself.

    Source: Kim, Convolutional Neural Networks for Sentence Classification (2014).

    Args:
        config: Settings of the model.
        signature: Tokens or features, with one label for the whole sequence.

    Raises:
        ConfigError: The settings do not fit together.
    """

    causal = False
    carries_state = False

    def __init__(self, config: Cnn1dConfig, signature: Signature) -> None:
        super().__init__(signature)
        self.config = config
        if isinstance(signature.inputs, Tokens):
            self.embedding: Embedding | None = Embedding(config, signature.input_size)
            in_channels = config.embedding_size
        else:
            self.embedding, in_channels = None, signature.input_size
        self.min_steps = shortest_length(config)
        self.features, out_channels = make_blocks(config, 1, in_channels)
        self.classifier = make_classifier(config, out_channels, signature.outputs.width)

    def initial_state(self, batch_size: int) -> None:
        """Returns None: the model has no state."""

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Maps tokens (B, T) or features (B, T, F) to logits (B, classes).

        Raises:
            MisfitError: A row is too short for the blocks, or padding would change the result.
        """
        steps = self.embedding(batch.inputs) if self.embedding else batch.inputs  # (B, T, E)
        channels = steps.transpose(1, 2)
        if batch.lengths is None:
            self._check_length(steps.shape[1])
            channels, lengths = self._features(channels, None)
            return Output(self.classifier(channels.amax(dim=2)), None)
        check_padding(self.config)
        self._check_length(int(batch.lengths.min()))
        channels, lengths = self._features(channels, batch.lengths.to(steps.device))
        maximum = _fill_padding(channels, lengths, float("-inf")).amax(dim=2)  # (B, C)
        return Output(self.classifier(maximum), None)

    def _check_length(self, length: int) -> None:
        """Checks the length of the shortest row.

        Raises:
            MisfitError: The blocks would leave nothing of it.
        """
        if length < self.min_steps:
            remedy = "fewer --model.blocks or a smaller --model.kernel-size or --model.pool-size"
            if self.config.padding_mode in ("reflect", "circular"):
                remedy = f"--model.padding-mode zeros, {remedy}"
            raise MisfitError(
                f"an input of {length} steps is too short for this model: give at least "
                f"{self.min_steps}, or train one with {remedy}"
            )

    def _features(self, channels: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Runs the feature stage.

        Args:
            channels: The embedded rows, (B, E, T).
            lengths: Length of each row, (B,); None if no row is padded.

        Returns:
            Channels (B, C, T') and the new length of each row, (B,).
        """
        channels = _fill_padding(channels, lengths)
        for block in self.features:
            assert isinstance(block, Block), "make_blocks makes only blocks"
            if lengths is not None:
                lengths = length_after_convolution(lengths, self.config)
            channels = _fill_padding(torch.relu(block.convolution(channels)), lengths)
            if lengths is not None:
                lengths = length_after_pool(lengths, self.config)
            channels = _fill_padding(block.pool(channels), lengths)
        return channels, lengths


def shortest_length(config: AbstractCnnConfig) -> int:
    """Returns the steps of the shortest input of which the blocks leave something."""

    def fits(length: int) -> bool:
        for _ in range(config.blocks):
            padded = length >= smallest_to_pad(config)
            convolved = length_after_convolution(length, config)
            length = length_after_pool(convolved, config)
            if not padded or min(convolved, length) < 1:
                return False
        return True

    return bisect_left(range(MAX_LENGTH), True, key=fits)


def check_padding(config: AbstractCnnConfig) -> None:
    """Raises an error if padding at the end of a row would change its result.

    Raises:
        MisfitError: The convolution does not pad with zeros, or average pooling does not count
            all of its padding.
    """
    settings = []
    if config.padding_mode != "zeros":
        settings.append(f"model.padding_mode = {config.padding_mode}")
    if config.pool == "average" and config.ceil_mode:
        settings.append("model.ceil_mode = true with average pooling")
    if config.pool == "average" and config.pool_padding > 0 and not config.count_include_pad:
        settings.append("model.count_include_pad = false")
    if settings:
        raise MisfitError(f"rows of different lengths do not work with {', '.join(settings)}")


def _fill_padding(channels: Tensor, lengths: Tensor | None, value: float = 0.0) -> Tensor:
    """Returns channels (B, C, T) with a value at every step beyond the lengths (B,), if any."""
    if lengths is None:
        return channels
    steps = torch.arange(channels.shape[2], device=channels.device)
    return channels.masked_fill((steps >= lengths.unsqueeze(1)).unsqueeze(1), value)
