"""The networks of ``families`` in plain torch, as a careful user writes them for the same sizes.

Each computes the network of the zoo's model, with layers of ``torch.nn`` or as the loop of a book.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

LAYERS: dict[str, Callable[..., nn.Module]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CONVOLUTIONS: dict[int, Callable[..., nn.Module]] = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
POOLS: dict[int, Callable[..., nn.Module]] = {
    1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d
}  # fmt: skip


class AbstractLanguageModel(nn.Module):
    """Tokens (B, T) to logits (B, T, V), and the state after them."""

    def generate(self, length: int) -> list[int]:
        """Generates the most likely symbols after the first one of the vocabulary."""
        token, state, symbols = torch.zeros(1, 1, dtype=torch.long), None, []
        for _ in range(length):
            logits, state = self(token, state)
            token = logits[:, -1].argmax(-1, keepdim=True)
            symbols.append(int(token))
        return symbols


@final
class CharLoop(nn.Module):
    """The loop of fast.ai's lesson: tokens (B, T) to the logits of the next symbol (B, V).

    Args:
        symbols: V.
        embedding: The width of the embedding.
        hidden: H.
    """

    def __init__(self, symbols: int, embedding: int, hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, embedding)
        self.input = nn.Linear(embedding, hidden)
        self.hidden = nn.Linear(hidden, hidden)
        self.output = nn.Linear(hidden, symbols)

    def forward(self, tokens: Tensor) -> Tensor:
        """Adds each input, after its layer, to the state."""
        inputs = torch.relu(self.input(self.embedding(tokens)))
        hidden = inputs.new_zeros(len(tokens), inputs.shape[2])
        for step in inputs.unbind(1):
            hidden = torch.tanh(self.hidden(hidden + step))
        logits: Tensor = self.output(hidden)
        return logits


@final
class EmbeddedRnn(AbstractLanguageModel):
    """An embedding, ``torch.nn.RNN`` and a linear layer.

    Args:
        symbols: V.
        embedding: The width of the embedding.
        hidden: H.
    """

    def __init__(self, symbols: int, embedding: int, hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, embedding)
        self.recurrent = nn.RNN(embedding, hidden, batch_first=True)
        self.output = nn.Linear(hidden, symbols)

    def forward(self, tokens: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Runs all steps at once."""
        hidden, state = self.recurrent(self.embedding(tokens), state)
        return self.output(hidden), state


@final
class OneHotLayer(AbstractLanguageModel):
    """One-hot symbols, a recurrent layer of ``torch.nn`` and a linear layer.

    Args:
        cell: ``rnn`` or ``lstm``; the layer has a second bias, which the model from scratch lacks.
        symbols: V.
        hidden: H.
    """

    def __init__(self, cell: str, symbols: int, hidden: int) -> None:
        super().__init__()
        self.symbols = symbols
        self.recurrent = LAYERS[cell](symbols, hidden, batch_first=True)
        self.output = nn.Linear(hidden, symbols)

    def forward(self, tokens: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Runs all steps at once."""
        hidden, state = self.recurrent(one_hot(tokens, self.symbols).float(), state)
        return self.output(hidden), state


@final
class BareMatrices(AbstractLanguageModel):
    """The loop of Dive into Deep Learning: bare matrices for each gate, one step after the other.

    Args:
        cell: ``rnn``, ``lstm`` or ``gru``; the GRU has its reset gate before the product.
        symbols: V.
        hidden: H.
    """

    def __init__(self, cell: str, symbols: int, hidden: int) -> None:
        super().__init__()
        gates = range({"rnn": 1, "lstm": 4, "gru": 3}[cell])
        self.cell, self.symbols, self.hidden = cell, symbols, hidden

        def matrices(rows: int) -> nn.ParameterList:
            return nn.ParameterList(0.01 * torch.randn(rows, hidden) for _ in gates)

        self.from_input, self.from_hidden = matrices(symbols), matrices(hidden)
        self.biases = nn.ParameterList(torch.zeros(hidden) for _ in gates)
        self.output_weight = nn.Parameter(0.01 * torch.randn(hidden, symbols))
        self.output_bias = nn.Parameter(torch.zeros(symbols))

    def forward(self, tokens: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Runs one step after the other. Only the LSTM uses the second tensor of the state."""
        zeros = torch.zeros(len(tokens), self.hidden)
        hidden, memory = state or (zeros, zeros)
        logits = []
        for inputs in one_hot(tokens, self.symbols).float().unbind(1):
            hidden, memory = self._step(inputs, hidden, memory)
            logits.append(hidden @ self.output_weight + self.output_bias)
        return torch.stack(logits, 1), (hidden, memory)

    def _step(self, inputs: Tensor, hidden: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        if self.cell == "gru":
            reset = torch.sigmoid(self._sum(0, inputs, hidden))
            update = torch.sigmoid(self._sum(1, inputs, hidden))
            candidate = torch.tanh(self._sum(2, inputs, reset * hidden))
            return update * hidden + (1 - update) * candidate, memory
        if self.cell == "rnn":
            return torch.tanh(self._sum(0, inputs, hidden)), memory
        sums = [self._sum(gate, inputs, hidden) for gate in range(4)]
        memory = torch.sigmoid(sums[1]) * memory + torch.sigmoid(sums[0]) * torch.tanh(sums[2])
        return torch.sigmoid(sums[3]) * torch.tanh(memory), memory

    def _sum(self, gate: int, inputs: Tensor, hidden: Tensor) -> Tensor:
        recurrent = hidden @ self.from_hidden[gate]
        total: Tensor = inputs @ self.from_input[gate] + recurrent + self.biases[gate]
        return total


@final
class Convolutions(nn.Module):
    """Two blocks of convolution, ReLU and pooling by 2, and two linear layers, to logits (B, N).

    Args:
        sizes: The sizes of the grid; of a text, the number of its steps.
        channels: Channels of the input and of the two blocks.
        kernel: The width of the kernels, which is odd.
        inner: The width between the linear layers.
        classes: N.
        symbols: Of a text, V; its symbols pass through an embedding, and the maximum of each
            channel over the steps is classified. 0 for a grid, which is flattened.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        channels: tuple[int, int, int],
        *,
        kernel: int,
        inner: int,
        classes: int,
        symbols: int = 0,
    ) -> None:
        super().__init__()
        first, second, third = channels
        self.embedding = nn.Embedding(symbols, first) if symbols else None
        convolution, pool = CONVOLUTIONS[len(sizes)], POOLS[len(sizes)]
        self.features = nn.Sequential(
            convolution(first, second, kernel, padding=kernel // 2), nn.ReLU(), pool(2),
            convolution(second, third, kernel, padding=kernel // 2), nn.ReLU(), pool(2),
        )  # fmt: skip
        width = third if symbols else third * math.prod(size // 4 for size in sizes)
        self.classifier = nn.Sequential(
            nn.Linear(width, inner), nn.ReLU(), nn.Linear(inner, classes)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Maps tokens (B, T) or a grid (B, C, *sizes) to logits."""
        if self.embedding is not None:
            inputs = self.embedding(inputs).transpose(1, 2)
        features = self.features(inputs)
        vector = features.flatten(1) if self.embedding is None else features.amax(2)
        logits: Tensor = self.classifier(vector)
        return logits


@final
class ResidualLstm(AbstractLanguageModel):
    """Blocks of ``torch.nn.LSTM`` and an MLP, each normalized before and added to its input.

    Args:
        symbols: V.
        width: H.
        depth: The number of blocks.
    """

    def __init__(self, symbols: int, width: int, depth: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        self.blocks = nn.ModuleList(
            nn.ModuleList((
                nn.LayerNorm(width),
                nn.LSTM(width, width, batch_first=True),
                nn.LayerNorm(width),
                nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)),
            ))
            for _ in range(depth)
        )  # fmt: skip
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, symbols)
        self.output.weight = self.embedding.weight

    def forward(self, tokens: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Runs all steps of one block after those of the other."""
        hidden = math.sqrt(self.norm.weight.numel()) * self.embedding(tokens)
        after = []
        for number, block in enumerate(self.blocks):
            assert isinstance(block, nn.ModuleList), "made by __init__"
            cell_norm, lstm, mlp_norm, mlp = block
            outputs, end = lstm(cell_norm(hidden), None if state is None else state[number])
            hidden = hidden + outputs
            hidden = hidden + mlp(mlp_norm(hidden))
            after.append(end)
        return self.output(self.norm(hidden)), after


@final
class Translator(nn.Module):
    """A GRU that reads a source, and one that gets its last output at every step of the target.

    Args:
        symbols: V, of source and target each.
        embedding: The width of the embeddings.
        hidden: H.
    """

    def __init__(self, symbols: int, embedding: int, hidden: int) -> None:
        super().__init__()
        self.source_embedding = nn.Embedding(symbols, embedding)
        self.encoder = nn.GRU(embedding, hidden, batch_first=True)
        self.embedding = nn.Embedding(symbols, embedding)
        self.decoder = nn.GRU(embedding + hidden, hidden, batch_first=True)
        self.output = nn.Linear(hidden, symbols)

    def forward(self, tokens: Tensor, source: Tensor) -> Tensor:
        """Tokens of the target (B, T) and a source (B, S) to logits (B, T, V)."""
        outputs, state = self.encoder(self.source_embedding(source))
        context = outputs[:, -1:].expand(-1, tokens.shape[1], -1)
        hidden, _ = self.decoder(torch.cat([self.embedding(tokens), context], 2), state)
        logits: Tensor = self.output(hidden)
        return logits


@final
class AttentiveTranslator(nn.Module):
    """A GRU in both directions, and one that attends to its outputs at every step of the target.

    Args:
        symbols: V, of source and target each.
        embedding: The width of the embeddings.
        hidden: H, the width of either direction, of the decoder and of what is compared.
    """

    def __init__(self, symbols: int, embedding: int, hidden: int) -> None:
        super().__init__()
        self.source_embedding = nn.Embedding(symbols, embedding)
        self.encoder = nn.GRU(embedding, hidden, batch_first=True, bidirectional=True)
        self.embedding = nn.Embedding(symbols, embedding)
        self.decoder = nn.GRU(embedding + 2 * hidden, hidden, batch_first=True)
        self.query = nn.Linear(hidden, hidden, bias=False)
        self.key = nn.Linear(2 * hidden, hidden, bias=False)
        self.score = nn.Linear(hidden, 1, bias=False)
        self.output = nn.Linear(hidden, symbols)

    def forward(self, tokens: Tensor, source: Tensor) -> Tensor:
        """Tokens of the target (B, T) and a source (B, S) to logits (B, T, V)."""
        values, _ = self.encoder(self.source_embedding(source))
        keys = self.key(values)
        hidden = values.new_zeros(1, len(tokens), self.query.in_features)
        outputs = []
        for inputs in self.embedding(tokens).unbind(1):
            compared = torch.tanh(self.query(hidden[0]).unsqueeze(1) + keys)
            weights = self.score(compared).softmax(1)
            context = (weights.transpose(1, 2) @ values).squeeze(1)
            output, hidden = self.decoder(torch.cat([inputs, context], 1).unsqueeze(1), hidden)
            outputs.append(output)
        logits: Tensor = self.output(torch.cat(outputs, 1))
        return logits


@final
class SegmentedGru(nn.Module):
    """SegRNN with ``torch.nn.GRU``: windows (B, T, C) to forecasts (B, h C).

    Args:
        channels: C.
        horizon: h.
        segment: The length of a segment, which divides T and h.
        hidden: H.
    """

    def __init__(self, channels: int, horizon: int, segment: int, hidden: int) -> None:
        super().__init__()
        self.segment, self.horizon = segment, horizon
        self.positions = nn.Parameter(torch.randn(horizon // segment, hidden // 2))
        self.channel_embeddings = nn.Parameter(torch.randn(channels, hidden // 2))
        self.embedding = nn.Linear(segment, hidden)
        self.recurrent = nn.GRU(hidden, hidden, batch_first=True)
        self.output = nn.Linear(hidden, segment)

    def forward(self, windows: Tensor) -> Tensor:
        """Reads every channel by itself, in segments."""
        rows, _, channels = windows.shape
        last = windows[:, -1:]
        segments = (windows - last).transpose(1, 2).reshape(rows * channels, -1, self.segment)
        _, state = self.recurrent(torch.relu(self.embedding(segments)))
        count = self.horizon // self.segment
        positions = self.positions.expand(channels, -1, -1)
        names = self.channel_embeddings.unsqueeze(1).expand(-1, count, -1)
        queries = torch.cat([positions, names], 2).flatten(0, 1).repeat(rows, 1).unsqueeze(1)
        outputs, _ = self.recurrent(queries, state.repeat_interleave(count, 1))
        forecast = self.output(outputs.squeeze(1)).reshape(rows, channels, self.horizon)
        return torch.flatten(forecast.transpose(1, 2) + last, 1)


@final
class TwoLinearMaps(nn.Module):
    """DLinear: windows (B, T, C) to forecasts (B, h C).

    Args:
        window: T.
        horizon: h.
        average: The odd number of steps of the moving average.
    """

    def __init__(self, window: int, horizon: int, average: int) -> None:
        super().__init__()
        self.side = average // 2
        self.average = nn.AvgPool1d(average, stride=1)
        self.trend = nn.Linear(window, horizon)
        self.rest = nn.Linear(window, horizon)

    def forward(self, windows: Tensor) -> Tensor:
        """Maps the trend and what is left of every channel."""
        series = windows.transpose(1, 2)
        ends = series[..., :1].repeat(1, 1, self.side), series[..., -1:].repeat(1, 1, self.side)
        trend = self.average(torch.cat([ends[0], series, ends[1]], 2))
        forecast: Tensor = self.trend(trend) + self.rest(series - trend)
        return forecast.transpose(1, 2).flatten(1)
