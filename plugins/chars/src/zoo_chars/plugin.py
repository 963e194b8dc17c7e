"""Declarations of this plugin: the ladder of character models."""

from __future__ import annotations

from zoo_core import ModelSpec, hookimpl

ZOO_API = 2
SOURCE = "Howard, fast.ai, Practical Deep Learning for Coders (2018), lesson 6"


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin, from the lowest rung to the highest."""
    return [
        ModelSpec(
            name="char-three",
            summary="Three characters unrolled by hand, hidden state plus input.",
            config="zoo_chars.configs:CharConfig",
            factory="zoo_chars.three:CharThree",
            per=("sequence",),
            default_recipe="nietzsche",
            source=SOURCE,
            tags=("rnn", "ladder", "manual"),
        ),
        ModelSpec(
            name="char-loop",
            summary="The same as a loop over any number of characters.",
            config="zoo_chars.configs:CharConfig",
            factory="zoo_chars.models:char_loop",
            per=("sequence",),
            default_recipe="nietzsche",
            source=SOURCE,
            tags=("rnn", "ladder", "manual"),
        ),
        ModelSpec(
            name="char-loop-concat",
            summary="The loop with hidden state and input side by side.",
            config="zoo_chars.configs:CharConfig",
            factory="zoo_chars.models:char_loop_concat",
            per=("sequence",),
            default_recipe="nietzsche",
            source=SOURCE,
            tags=("rnn", "ladder", "manual"),
        ),
        ModelSpec(
            name="char-rnn",
            summary="torch.nn.RNN in the place of the loop, its last output.",
            config="zoo_chars.configs:CharConfig",
            factory="zoo_chars.models:char_rnn",
            per=("sequence",),
            default_recipe="nietzsche",
            source=SOURCE,
            tags=("rnn", "ladder", "torch"),
        ),
        ModelSpec(
            name="char-seq-rnn",
            summary="torch.nn.RNN with an output at every step.",
            config="zoo_chars.configs:CharSeqRnnConfig",
            factory="zoo_chars.models:char_seq_rnn",
            per=("step",),
            default_recipe="nietzsche",
            source=SOURCE,
            tags=("rnn", "ladder", "torch"),
        ),
    ]
