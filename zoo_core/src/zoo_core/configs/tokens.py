"""Settings of the symbols of a text; the configs of datasets of texts inherit them."""

from __future__ import annotations

from zoo_core.configs.declare import config, setting
from zoo_core.errors import ConfigError

TOKENS = ("char", "byte", "word", "bpe")
"""The kinds of symbols of a text."""
LEARNED = ("word", "bpe")
"""Those that are learned from the training part of a text, and whose number is chosen."""
BYTE_COUNT = 256


@config
class AbstractTokensConfig:
    """The settings of the symbols of a text."""

    tokens: str = setting(
        default="char",
        file_suffix=".json",
        help="Symbols of the text: char, byte, word, bpe (pairs of bytes that are learned, of the "
        "plugin zoo-tokenizers), or a FILE.json of the library tokenizers.",
    )
    vocabulary_size: int | None = setting(
        default=None,
        unit="symbols",
        at_least=2,
        help="Most symbols of words and bpe; none: every word of the training part, 8192 for bpe.",
        needs=("tokens word or bpe", lambda config: config.tokens in LEARNED),
    )
    min_count: int = setting(
        default=1,
        unit="occurrences",
        at_least=1,
        help="Least occurrences of a word, or of a pair for bpe (2 at least), to become a symbol.",
        needs=("tokens word or bpe", lambda config: config.tokens in LEARNED),
    )

    def __post_init__(self) -> None:
        """Checks the tokens.

        Raises:
            ConfigError: They are unknown, or their vocabulary is too small for them.
        """
        if self.tokens not in TOKENS and not self.tokens.endswith(".json"):
            raise ConfigError(
                f"dataset.tokens = {self.tokens!r:.80}: expected {', '.join(TOKENS)} or a FILE.json"
            )
        size = self.vocabulary_size
        if self.tokens == "bpe" and size is not None and size < BYTE_COUNT:
            raise ConfigError(
                f"dataset.vocabulary_size = {size}: expected an integer >= {BYTE_COUNT} for bpe, "
                "whose symbols include every byte"
            )
