"""The convolutional classifier of text."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_cnn.classifier import make_classifier
from zoo_cnn.configs import Cnn1dConfig
from zoo_cnn.features import Block, make_blocks
from zoo_cnn.lengths import after_convolution, after_pool, check_lengths
from zoo_core import Signature, Tokens
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.embedding import Embedding
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.state import State


@final
class TextClassifier(AbstractModel):
    """Embedding, a feature stage over time, the largest of each channel, a classifier stage.

    Rows that are padded at the end give what they give alone: after every layer the padding is
    made zero again, and the maximum is taken over what is left of the row itself.

    Source: Kim, Convolutional Neural Networks for Sentence Classification (2014).

    Args:
        config: What a person chose.
        signature: Tokens or features, with a label for the whole sequence.

    Raises:
        ConfigError: The settings do not go together.
    """

    causal = False
    carries_state = False

    def __init__(self, config: Cnn1dConfig, signature: Signature) -> None:
        super().__init__(signature)
        self.config = config
        tokens = isinstance(signature.inputs, Tokens)
        self.embedding = Embedding(config, signature.input_size) if tokens else None
        before = config.embedding_size if tokens else signature.input_size
        self.features, width = make_blocks(config, 1, before)
        self.classifier = make_classifier(config, width, signature.classes)

    def initial_state(self, batch_size: int) -> None:
        """None: there is no state."""

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Tokens (B, T) or features (B, T, F) to logits (B, classes).

        Raises:
            MisfitError: A row is too short for the blocks, or padding would change the result.
        """
        if batch.lengths is not None:
            check_lengths(self.config)
        steps = self.embedding(batch.inputs) if self.embedding else batch.inputs  # (B, T, E)
        lengths, shortest = batch.lengths, steps.shape[1]
        if lengths is None:
            lengths = torch.full((len(steps),), shortest)
        else:
            shortest = int(lengths.min())
        channels, left = self._features(steps.transpose(1, 2), lengths.to(steps.device), shortest)
        largest = _without_padding(channels, left, float("-inf")).amax(dim=2)  # (B, C)
        return Output(self.classifier(largest), None)

    def _features(self, channels: Tensor, lengths: Tensor, shortest: int) -> tuple[Tensor, Tensor]:
        """Channels (B, E, T) to channels (B, C, T') and what is left of each row, (B,).

        What becomes of the shortest row is reckoned with an integer, so that torch.export can
        follow.
        """
        least = shortest
        channels = _without_padding(channels, lengths)
        for block in self.features:
            assert isinstance(block, Block), "they are made so"
            convolved = after_convolution(lengths, self.config)
            lengths = after_pool(convolved, self.config)
            narrow = after_convolution(least, self.config)
            least = after_pool(narrow, self.config)
            if min(narrow, least) < 1:
                raise MisfitError(
                    f"an input of {shortest} steps is too short here; choose fewer "
                    "model.blocks or a smaller model.kernel_size or model.pool_size"
                )
            channels = _without_padding(torch.relu(block.convolution(channels)), convolved)
            channels = _without_padding(block.pool(channels), lengths)
        return channels, lengths


def _without_padding(channels: Tensor, lengths: Tensor, value: float = 0.0) -> Tensor:
    """Channels (B, C, T) with a value at every step beyond its row's length (B,)."""
    steps = torch.arange(channels.shape[2], device=channels.device)
    return channels.masked_fill((steps >= lengths.unsqueeze(1)).unsqueeze(1), value)
