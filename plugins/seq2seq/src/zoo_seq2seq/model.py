"""Encoder and decoder of any recurrent cell, with and without attention."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from zoo_core import Signature
from zoo_core.runtime.nn import (
    AbstractAttention,
    AbstractModel,
    Batch,
    Output,
    State,
    choose_rows,
    valid_steps,
)
from zoo_seq2seq.attention import AdditiveAttention, AttentionMemory
from zoo_seq2seq.configs import AbstractSeq2SeqConfig
from zoo_seq2seq.encoder import (
    SourceMemory,
    draw_xavier,
    is_read,
    recurrent_of,
    source_of,
    source_size,
)


@final
class Seq2Seq(AbstractModel, AbstractAttention):
    """A recurrent network that reads a source, and one that writes a target for it.

        h_s, u_s = encoder(E_x x_s, u_{s-1}),    s = 1 ... S
        c_t = h_S    or    c_t = attention(o_{t-1}, h_1 ... h_S)
        o_t, v_t = decoder([E_y y_{t-1}, c_t], v_{t-1}),    t = 1 ... T
        v_0 = u_S,    o_0 = h_S
        logits_t = W o_t + b

    x_s and y_t are one-hot symbols of source and target, y_0 the symbol that begins a target; E_x
    and E_y their tables. h_s is the output of the encoder at step s (P,), u_s its state; o_t and
    v_t are those of the decoder. In training, y_{t-1} is the symbol of the data (teacher forcing).
    Where the encoder runs in both directions, h_s is the outputs of both, h_S the last one of
    either, and v_0 and o_0 are those of a decoder that has read nothing.

    The state holds v_t, and of the source what the decoder needs: h_S, or everything that attention
    compares. So the source is read once, and then a step costs the same however long the target is.

    Sources: Cho et al. (2014), Learning Phrase Representations using RNN Encoder-Decoder, for a
    context at every step; Sutskever et al. (2014), Sequence to Sequence Learning with Neural
    Networks, for the state; Bahdanau et al. (2015), Neural Machine Translation by Jointly Learning
    to Align and Translate, for the attention; in the form of Zhang et al., Dive into Deep Learning.

    Args:
        config: The settings of the model.
        signature: The inputs, which are the target one step later, and the source.

    Raises:
        ConfigError: The cell is that of no recurrent model, or a setting of it is not allowed.
        MisfitError: The data has no source.
    """

    causal = True
    carries_state = True
    exportable = False

    def __init__(self, config: AbstractSeq2SeqConfig, signature: Signature) -> None:
        super().__init__(signature)
        width, dropout = config.embedding_size, config.dropout
        between = dropout if config.num_layers > 1 else 0.0
        self.source_embedding = nn.Embedding(source_size(signature, "seq2seq"), width)
        self.encoder = recurrent_of(
            config, width, dropout=between, bidirectional=config.bidirectional
        )
        self.embedding = nn.Embedding(signature.input_size, width)
        context = self.encoder.output_size
        self.decoder = recurrent_of(config, width + context, dropout=between)
        queries = self.decoder.output_size
        self.additive: AdditiveAttention | None = None
        if config.attention == "additive":
            self.additive = AdditiveAttention(queries, context, config.hidden_size, dropout)
        self.output = nn.Linear(queries, signature.outputs.width)
        if config.initialization == "xavier":
            draw_xavier(self)

    def initial_state(self, batch_size: int) -> State:
        """Returns the state before the source is read."""
        layers = self.decoder.initial_state(batch_size)
        zeros = self.output.weight.new_zeros
        if self.additive is None:
            return (*layers, SourceMemory(zeros(batch_size, 0)))
        keys, queries = self.additive.key.weight.shape[0], self.decoder.output_size
        memory = AttentionMemory(
            zeros(batch_size, 0, keys),
            zeros(batch_size, 0, self.encoder.output_size),
            zeros(batch_size, 0),
            zeros(batch_size, queries),
        )
        return (*layers, memory)

    def encode(self, batch: Batch) -> State:
        """Reads the source of a batch, and returns the state before the first step of the target.

        Raises:
            MisfitError: The batch has no source.
        """
        source, lengths = source_of(batch)
        outputs, after = self.encoder(self.source_embedding(source), lengths=lengths)
        last = self.encoder.last(outputs, after, lengths)
        is_handed_on = self.encoder.directions == 1
        layers = after if is_handed_on else self.decoder.initial_state(len(source))
        if self.additive is None:
            return (*layers, SourceMemory(last))
        valid = torch.ones_like(source, dtype=outputs.dtype)
        if lengths is not None:
            valid = valid_steps(lengths, source.shape[1], source.device).to(outputs.dtype)
        query = last if is_handed_on else outputs.new_zeros(len(source), self.decoder.output_size)
        return (*layers, AttentionMemory(self.additive.key(outputs), outputs, valid, query))

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Tokens of the target (B, T) and a source (B, S) to logits (B, T, V).

        A state that holds a source continues its target, and the source of the batch does not
        count.

        Raises:
            MisfitError: The batch has no source, and the state neither.
        """
        state = self.encode(batch) if state is None or not is_read(state) else state
        if self.additive is not None:
            outputs, _, after = self._attend(self.additive, batch, state)
            return Output(self.output(outputs), after)
        embedded = self.embedding(batch.inputs)
        context = state[-1][0].unsqueeze(1).expand(-1, embedded.shape[1], -1)
        outputs, layers = self.decoder(
            torch.cat([embedded, context], dim=2), state[:-1], lengths=batch.lengths
        )
        return Output(self.output(outputs), (*layers, state[-1]))

    def _attend(
        self, additive: AdditiveAttention, batch: Batch, state: State
    ) -> tuple[Tensor, list[Tensor], State]:
        """Runs the decoder step by step.

        Returns:
            The outputs (B, T, Q), the weights of the attention at each step (B, S), and the state.
        """
        *layers, memory = state
        assert isinstance(memory, AttentionMemory), "made by encode"
        padding = memory.valid == 0
        outputs, weights = [], []
        for step, embedded in enumerate(self.embedding(batch.inputs).unbind(1)):
            context, weight = additive(memory, padding)
            inputs = torch.cat([embedded, context], dim=1)
            output, after = self.decoder(inputs.unsqueeze(1), tuple(layers))
            following = memory._replace(query=output[:, 0])
            if batch.lengths is None:
                layers, memory = list(after), following
            else:  # the state of a row that has ended stays
                goes_on = batch.lengths.to(embedded.device) > step
                layers = [choose_rows(goes_on, *pair) for pair in zip(after, layers, strict=True)]
                chosen = torch.where(goes_on.unsqueeze(1), following.query, memory.query)
                memory = memory._replace(query=chosen)
            outputs.append(output)
            weights.append(weight)
        return torch.cat(outputs, dim=1), weights, (*layers, memory)

    def attention(self, batch: Batch) -> Tensor | None:
        """Returns the weights of the attention at each step, (B, T, S); None without one."""
        if self.additive is None:
            return None
        _, weights, _ = self._attend(self.additive, batch, self.encode(batch))
        return torch.stack(weights, dim=1)
