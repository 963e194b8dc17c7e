"""Declarations of this plugin: a tokenizer."""

from __future__ import annotations

from zoo_core import TokenizerSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_tokenizers() -> list[TokenizerSpec]:
    """The tokenizers of this plugin."""
    return [
        TokenizerSpec(
            name="bpe",
            summary="Byte-pair encoding, learned from the text or read from a tokenizer.json.",
            train="zoo_tokenizers.bpe:train",
            load="zoo_tokenizers.bpe:load",
        ),
    ]
