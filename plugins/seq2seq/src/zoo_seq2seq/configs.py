"""Settings of the models, the datasets and the trainer."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from zoo_core import AbstractTrainerConfig, config, setting
from zoo_core.data.encodings import AUTO, ENCODING_HELP
from zoo_core.plugins.cells import AbstractNamedCellConfig


@config
class AbstractEncoderDecoderConfig(AbstractNamedCellConfig):
    """Settings that all models of an encoder and a decoder share."""

    cell: str = setting(
        default="gru",
        help="Cell of encoder and decoder: the name of any recurrent model of `zoo list`, or of "
        "its cell.",
    )
    hidden_size: int = setting(
        default=128, unit="units", at_least=1, help="Width of the state of each layer."
    )
    num_layers: int = setting(
        default=1,
        unit="layers",
        at_least=1,
        at_most=1000,
        help="Layers of the encoder, and of the decoder.",
    )
    initialization: Literal["uniform", "xavier"] = setting(
        default="uniform",
        help="Initial weights: as torch draws them, or uniform ones whose width depends on the "
        "sizes of a matrix (Glorot & Bengio 2010).",
    )

    def cell_width(self) -> int:
        """Returns the width of the cell's state."""
        return self.hidden_size


@config
class AbstractSeq2SeqConfig(AbstractEncoderDecoderConfig):
    """Settings of encoder and decoder with and without attention."""

    embedding_size: int = setting(
        default=32, unit="units", at_least=1, help="Width of a symbol's embedding."
    )
    bidirectional: bool = setting(
        default=False,
        help="Whether the encoder also runs from the last symbol to the first; the decoder then "
        "starts from its own initial state.",
    )
    attention: Literal["none", "additive"] = setting(
        default="none",
        help="What the decoder gets of the source at every step: the encoder's last output, or a "
        "mean of all outputs with weights of its own (Bahdanau et al. 2015).",
    )
    dropout: float = setting(
        default=0.0,
        at_least=0,
        below=1,
        help="Probability of dropping an output between layers, and a weight of the attention.",
        needs=(
            "a second layer (num_layers) or attention",
            lambda config: config.num_layers > 1 or config.attention != "none",
        ),
    )


@config
class Seq2SeqConfig(AbstractSeq2SeqConfig):
    """Settings of seq2seq: an encoder and a decoder."""


@config
class Seq2SeqAttentionConfig(AbstractSeq2SeqConfig):
    """Settings of seq2seq-attention: an encoder and a decoder with attention."""

    attention: Literal["none", "additive"] = setting(
        default="additive",
        help="What the decoder gets of the source at every step: the encoder's last output, or a "
        "mean of all outputs with weights of its own (Bahdanau et al. 2015).",
    )


@config
class Seq2SeqRepeatConfig(AbstractEncoderDecoderConfig):
    """Settings of seq2seq-repeat: an encoder whose last output is every input of the decoder."""

    cell: str = setting(
        default="lstm",
        help="Cell of encoder and decoder: the name of any recurrent model of `zoo list`, or of "
        "its cell.",
    )
    dropout: float = setting(
        default=0.0,
        at_least=0,
        below=1,
        help="Probability of dropping an output between layers.",
        needs=("a second layer (num_layers)", lambda config: config.num_layers > 1),
    )


@config
class AbstractPairsConfig:
    """Settings that all pairs of sequences share: splits, and how a target is searched for."""

    validation: float = setting(
        default=0.1, at_least=0, below=1, help="Fraction of the pairs for validation."
    )
    test: float = setting(
        default=0.1, at_least=0, below=1, help="Fraction of the pairs for the test split."
    )
    reverse_source: bool = setting(
        default=False, help="Whether the source is read from its end (Sutskever et al. 2014)."
    )
    beam: int = setting(
        default=1,
        unit="targets",
        at_least=1,
        at_most=1_000_000,
        help="Targets that are compared at each step of writing one; 1 takes the likeliest symbol.",
    )
    length_penalty: float = setting(
        default=0.75,
        at_least=0,
        at_most=10,
        help="Targets are ranked by the logarithm of their probability divided by their length to "
        "this power; 0 favours short ones.",
        needs=("a beam above 1 (beam)", lambda config: config.beam > 1),
    )
    answer_length: int = setting(
        default=50, unit="symbols", at_least=1, help="Most symbols of a target that is written."
    )


@config
class NumberWordsConfig(AbstractPairsConfig):
    """Settings of number-words: whole numbers in English and in French."""

    largest: int = setting(
        default=10_000, at_least=1, at_most=10_000, help="The largest number; the least is 1."
    )


@config
class SumsConfig(AbstractPairsConfig):
    """Settings of sums: sums of two numbers as text."""

    digits: int = setting(
        default=2, unit="digits", at_least=1, at_most=9, help="Most digits of a number to add."
    )
    examples: int = setting(
        default=5000, unit="sums", at_least=1, help="Sums in all splits; no two are equal."
    )
    seed: int = setting(default=0, at_least=0, help="Decides which sums are drawn.")


@config
class AbstractPairsFileConfig(AbstractPairsConfig):
    """Settings of pairs that are read from a file."""

    tokens: Literal["word", "char"] = setting(
        default="word", help="Symbols of both texts: what stands between blanks, or characters."
    )
    lowercase: bool = setting(default=False, help="Convert the texts to lower case.")
    split_punctuation: bool = setting(
        default=True,
        help="Put a blank before a comma, a full stop, ! and ?, so that they are words.",
    )
    min_count: int = setting(
        default=1,
        unit="occurrences",
        at_least=1,
        help="Least occurrences of a word to become a symbol; others become <unk>.",
        needs=("tokens word", lambda config: config.tokens == "word"),
    )
    max_length: int | None = setting(
        default=None,
        unit="symbols",
        at_least=1,
        help="Use only the beginning of a longer text, the symbol <eos> behind it included.",
    )
    examples: int | None = setting(
        default=None, unit="pairs", at_least=1, help="Use only the first pairs of the file."
    )
    encoding: str = setting(default=AUTO, help=f"Encoding of the file; {ENCODING_HELP}")


@config
class TranslationPairsConfig(AbstractPairsFileConfig):
    """Settings of translation-pairs: any file with a source and a target in each line."""

    path: Path = setting(help="The file to read: a source, a tab and a target in each line.")


@config
class FraEngConfig(AbstractPairsFileConfig):
    """Settings of fra-eng: the first pairs, prepared as in Dive into Deep Learning."""

    path: Path | None = setting(
        default=None, help="The file fra.txt of fra-eng.zip, which is not downloaded."
    )
    lowercase: bool = setting(default=True, help="Convert the texts to lower case.")
    min_count: int = setting(
        default=2,
        unit="occurrences",
        at_least=1,
        help="Least occurrences of a word to become a symbol; others become <unk>.",
        needs=("tokens word", lambda config: config.tokens == "word"),
    )
    max_length: int | None = setting(
        default=10,
        unit="symbols",
        at_least=1,
        help="Use only the beginning of a longer text, the symbol <eos> behind it included.",
    )
    examples: int | None = setting(
        default=600, unit="pairs", at_least=1, help="Use only the first pairs of the file."
    )
    validation: float = setting(
        default=0.0, at_least=0, below=1, help="Fraction of the pairs for validation."
    )
    test: float = setting(
        default=0.0, at_least=0, below=1, help="Fraction of the pairs for the test split."
    )
    answer_length: int = setting(
        default=10, unit="symbols", at_least=1, help="Most symbols of a target that is written."
    )


@config
class TranslationConfig(AbstractTrainerConfig):
    """Settings of the trainer translation."""
