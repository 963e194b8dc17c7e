"""Declarations of this plugin: the character models of fast.ai's lesson."""

from __future__ import annotations

from zoo_core import ModelSpec, hookimpl

ZOO_API = 2
SOURCE = "Howard, fast.ai, Practical Deep Learning for Coders (2018), lesson 6"


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin, in the order of the lesson."""
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
    ]
