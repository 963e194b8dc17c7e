"""An encoder whose last output is every input of the decoder."""

from __future__ import annotations

from typing import final

from torch import nn

from zoo_core import Signature
from zoo_core.runtime.nn import AbstractModel, Batch, Output, State
from zoo_seq2seq.configs import Seq2SeqRepeatConfig
from zoo_seq2seq.encoder import (
    SourceMemory,
    draw_xavier,
    is_read,
    recurrent_of,
    source_of,
    source_size,
)


@final
class Seq2SeqRepeat(AbstractModel):
    """A recurrent network that reads a source, and one that gets its last output at every step.

        h_s, u_s = encoder(x_s, u_{s-1}),    s = 1 ... S
        o_t, v_t = decoder(h_S, v_{t-1}),    t = 1 ... T
        logits_t = W o_t + b

    x_s is a one-hot symbol of the source, h_S the last output of the encoder (P,). The decoder
    starts from the initial state of its cell and never sees the target: it knows of a step that it
    is the t-th one, and nothing of the symbol before.

    Source: the Keras example addition_rnn, whose layer RepeatVector repeats h_S.

    Args:
        config: The settings of the model.
        signature: The inputs, of which the number of steps counts alone, and the source.

    Raises:
        ConfigError: The cell is that of no recurrent model, or a setting of it is not allowed.
        MisfitError: The data has no source.
    """

    causal = True
    carries_state = True
    exportable = False
    reads_inputs = False

    def __init__(self, config: Seq2SeqRepeatConfig, signature: Signature) -> None:
        super().__init__(signature)
        between = config.dropout if config.num_layers > 1 else 0.0
        self.symbols = source_size(signature, "seq2seq-repeat")
        self.encoder = recurrent_of(config, self.symbols, dropout=between)
        self.decoder = recurrent_of(config, self.encoder.output_size, dropout=between)
        self.output = nn.Linear(self.decoder.output_size, signature.outputs.width)
        if config.initialization == "xavier":
            draw_xavier(self)

    def initial_state(self, batch_size: int) -> State:
        """Returns the state before the source is read."""
        layers = self.decoder.initial_state(batch_size)
        return (*layers, SourceMemory(self.output.weight.new_zeros(batch_size, 0)))

    def encode(self, batch: Batch) -> State:
        """Reads the source of a batch, and returns the state before the first step of the target.

        Raises:
            MisfitError: The batch has no source.
        """
        source, lengths = source_of(batch)
        symbols = nn.functional.one_hot(source, self.symbols).to(self.output.weight.dtype)
        outputs, after = self.encoder(symbols, lengths=lengths)
        last = self.encoder.last(outputs, after, lengths)
        return (*self.decoder.initial_state(len(source)), SourceMemory(last))

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Tokens of the target (B, T) and a source (B, S) to logits (B, T, V).

        A state that holds a source continues its target, and the source of the batch does not
        count.

        Raises:
            MisfitError: The batch has no source, and the state neither.
        """
        state = self.encode(batch) if state is None or not is_read(state) else state
        repeated = state[-1][0].unsqueeze(1).expand(-1, batch.inputs.shape[1], -1)
        outputs, layers = self.decoder(repeated.contiguous(), state[:-1], lengths=batch.lengths)
        return Output(self.output(outputs), (*layers, state[-1]))
