"""Libraries with the same recurrent cells, each by its code for the CPU.

All read tokens by an embedding and end with a linear layer, as the zoo's models do. A library whose
layer is a block with further parts, such as a convolution, is used as it is.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, final

import torch
from torch import Tensor, nn


class AbstractPeer(nn.Module):
    """Tokens (B, T) to logits (B, T, V).

    Args:
        symbols: V.
        width: The width of the embedding and of the layer.
        layer: The library's layer.

    Attributes:
        max_steps: The longest sequence that a step in training has the memory for.
    """

    max_steps = 1 << 20

    def __init__(self, symbols: int, width: int, layer: nn.Module) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, width)
        self.layer = layer
        self.output = nn.Linear(width, symbols)

    def forward(self, tokens: Tensor) -> Tensor:
        """Runs all steps at once, as the library does in training."""
        logits: Tensor = self.output(self.run(self.embedding(tokens)))
        return logits

    @torch.no_grad()
    def generate(self, prompt: Tensor) -> Iterator[int]:
        """Yields the most likely symbols after a prompt (1, T), without end."""
        state = None
        for token in prompt[0]:
            features, state = self.step(self.embedding(token.view(1, 1)), state)
        while True:
            symbol = self.output(features).flatten().argmax()
            yield int(symbol)
            features, state = self.step(self.embedding(symbol.view(1, 1)), state)

    @abstractmethod
    def run(self, features: Tensor) -> Tensor:
        """Runs the layer on features (B, T, F) to (B, T, F)."""

    @abstractmethod
    def step(self, features: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Runs the layer on one step (B, 1, F) to (B, 1, F) and the state after it."""


@final
class Minimal(AbstractPeer):
    """minGRU-pytorch: scans in the space of logarithms."""

    def run(self, features: Tensor) -> Tensor:
        """See AbstractPeer."""
        outputs: Tensor = self.layer(features)
        return outputs

    def step(self, features: Tensor, state: Any) -> tuple[Tensor, Any]:
        """See AbstractPeer."""
        outputs, after = self.layer(features, state, return_next_prev_hidden=True)
        return outputs, after


def _min_gru(symbols: int, width: int) -> AbstractPeer:
    from minGRU_pytorch import minGRU

    return Minimal(symbols, width, minGRU(width))


def _min_lstm(symbols: int, width: int) -> AbstractPeer:
    from minGRU_pytorch.minLSTM import minLSTM

    return Minimal(symbols, width, minLSTM(width))


@final
class Mamba(AbstractPeer):
    """mambapy: a Mamba block, with a scan in plain torch."""

    def run(self, features: Tensor) -> Tensor:
        """See AbstractPeer."""
        outputs: Tensor = self.layer(features)
        return outputs

    def step(self, features: Tensor, state: Any) -> tuple[Tensor, Any]:
        """See AbstractPeer."""
        config: Any = self.layer.config
        if state is None:
            state = None, features.new_zeros(len(features), config.d_inner, config.d_conv - 1)
        layer: Any = self.layer
        outputs, after = layer.step(features.squeeze(1), state)
        return outputs.unsqueeze(1), after


def _mamba(symbols: int, width: int) -> AbstractPeer:
    from mambapy.mamba import MambaBlock, MambaConfig

    return Mamba(symbols, width, MambaBlock(MambaConfig(d_model=width, n_layers=1)))


@final
class Xlstm(AbstractPeer):
    """xlstm: its layers, by the backend in plain torch."""

    def run(self, features: Tensor) -> Tensor:
        """See AbstractPeer."""
        outputs: Tensor = self.layer(features)
        return outputs

    def step(self, features: Tensor, state: Any) -> tuple[Tensor, Any]:
        """See AbstractPeer."""
        layer: Any = self.layer
        outputs, after = layer.step(features, **(state or {}))
        return outputs, after


MAX_QUADRATIC_STEPS = 4096
"""Steps at which a matrix of T × T for each head takes a gigabyte in training."""


def _m_lstm(symbols: int, width: int) -> AbstractPeer:
    from xlstm.blocks.mlstm.layer import mLSTMLayer, mLSTMLayerConfig

    config = mLSTMLayerConfig(
        embedding_dim=width, num_heads=4, context_length=MAX_QUADRATIC_STEPS, _num_blocks=1
    )
    peer = Xlstm(symbols, width, mLSTMLayer(config))
    peer.max_steps = MAX_QUADRATIC_STEPS
    return peer


def _s_lstm(symbols: int, width: int) -> AbstractPeer:
    from xlstm.blocks.slstm.layer import sLSTMLayer, sLSTMLayerConfig

    config = sLSTMLayerConfig(
        embedding_dim=width, num_heads=4, backend="vanilla", dtype="float32", _num_blocks=1
    )
    return Xlstm(symbols, width, sLSTMLayer(config))


@final
class TorchRecurrent(AbstractPeer):
    """torchrecurrent: its layers, which loop over the steps."""

    def run(self, features: Tensor) -> Tensor:
        """See AbstractPeer."""
        outputs: Tensor = self.layer(features)[0]
        return outputs

    def step(self, features: Tensor, state: Any) -> tuple[Tensor, Any]:
        """See AbstractPeer."""
        outputs, after = self.layer(features, state)
        return outputs, after


def _torch_recurrent(name: str, symbols: int, width: int) -> AbstractPeer:
    import torchrecurrent

    layer = getattr(torchrecurrent, name)(width, width, batch_first=True)
    return TorchRecurrent(symbols, width, layer)


PEERS: Mapping[str, Mapping[str, Callable[[int, int], AbstractPeer]]] = {
    "mingru": {"minGRU-pytorch": _min_gru},
    "minlstm": {"minGRU-pytorch": _min_lstm},
    "s6": {"mambapy": _mamba},
    "mlstm": {"xlstm": _m_lstm},
    "slstm": {"xlstm": _s_lstm},
    "indrnn": {"torchrecurrent": partial(_torch_recurrent, "IndRNN")},
    "janet": {"torchrecurrent": partial(_torch_recurrent, "JANET")},
    "mgu": {"torchrecurrent": partial(_torch_recurrent, "MGU")},
    "peephole-lstm": {"torchrecurrent": partial(_torch_recurrent, "PeepholeLSTM")},
}
"""Functions of V and the width by library, of every model of the zoo that has peers."""
