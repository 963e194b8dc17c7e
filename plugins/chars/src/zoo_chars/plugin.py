"""Declarations of this plugin: the models of fast.ai's lessons on characters and words."""

from __future__ import annotations

from zoo_core import ModelSpec, hookimpl

ZOO_API = 3
SOURCE = "Howard, fast.ai, Practical Deep Learning for Coders (2018), lesson 6"
BOOK = "Howard & Gugger, Deep Learning for Coders with fastai and PyTorch (2020), chapter 12"
COURSE = "Howard, fast.ai, Practical Deep Learning for Coders (2019), lesson 7"


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin, in the order of the lessons."""
    return [
        ModelSpec(
            name="char-three",
            summary="Three characters unrolled by hand; input and hidden state are added.",
            config="zoo_chars.configs:CharConfig",
            factory="zoo_chars.three:CharThree",
            per=("sequence",),
            default_recipe="nietzsche",
            source=SOURCE,
            tags=("rnn", "ladder", "manual"),
        ),
        ModelSpec(
            name="char-loop",
            summary="The recurrence of char-three as a loop over any number of characters.",
            config="zoo_chars.configs:CharConfig",
            factory="zoo_chars.models:char_loop",
            per=("sequence",),
            default_recipe="nietzsche",
            source=SOURCE,
            tags=("rnn", "ladder", "manual"),
        ),
        ModelSpec(
            name="char-loop-concat",
            summary="The recurrence of char-loop with input and hidden state concatenated.",
            config="zoo_chars.configs:CharConfig",
            factory="zoo_chars.models:char_loop_concat",
            per=("sequence",),
            default_recipe="nietzsche",
            source=SOURCE,
            tags=("rnn", "ladder", "manual"),
        ),
        ModelSpec(
            name="char-rnn",
            summary="The equations of torch.nn.RNN instead of char-loop's, with one output.",
            config="zoo_chars.configs:CharConfig",
            factory="zoo_chars.models:char_rnn",
            per=("sequence",),
            default_recipe="nietzsche",
            source=SOURCE,
            tags=("rnn", "ladder", "torch"),
        ),
        ModelSpec(
            name="char-seq-rnn",
            summary="The recurrence of char-rnn with an output at every step.",
            config="zoo_chars.configs:CharSeqRnnConfig",
            factory="zoo_chars.models:char_seq_rnn",
            per=("step",),
            default_recipe="nietzsche",
            source=SOURCE,
            tags=("rnn", "ladder", "torch"),
        ),
        ModelSpec(
            name="word-loop",
            summary="The loop of fast.ai's book: a word's embedding is added to the state.",
            config="zoo_chars.configs:WordConfig",
            factory="zoo_chars.models:word_loop",
            default_recipe="human-numbers",
            source=BOOK,
            tags=("rnn", "ladder", "manual"),
        ),
        ModelSpec(
            name="word-three",
            summary="Three words unrolled by hand, with batch normalization at every step.",
            config="zoo_chars.configs:WordThreeConfig",
            factory="zoo_chars.normalized:WordThree",
            per=("sequence",),
            default_recipe="human-numbers-course",
            source=COURSE,
            tags=("rnn", "ladder", "manual", "batch-norm"),
        ),
        ModelSpec(
            name="batch-norm",
            summary="Embedding, layers of any cell, batch normalization, linear output.",
            config="zoo_chars.configs:BatchNormConfig",
            factory="zoo_chars.normalized:BatchNormModel",
            default_recipe="human-numbers-course",
            source=COURSE,
            tags=("rnn", "gru", "ladder", "batch-norm"),
        ),
    ]
