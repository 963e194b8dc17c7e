"""Books whose text is used without preparation."""

from __future__ import annotations

from zoo_core import Vocabulary
from zoo_text.configs import NietzscheConfig, TinyShakespeareConfig
from zoo_text.dataset import TextDataset
from zoo_text.remote import NIETZSCHE, TINY_SHAKESPEARE, text_of


def nietzsche(config: NietzscheConfig, vocabulary: Vocabulary | None) -> TextDataset:
    """Returns Beyond Good and Evil: 600,893 characters, 84 symbols."""
    return TextDataset(
        "nietzsche", config, lambda: text_of(NIETZSCHE, config.path), vocabulary, example=" that "
    )


def tiny_shakespeare(config: TinyShakespeareConfig, vocabulary: Vocabulary | None) -> TextDataset:
    """Returns a part of Shakespeare's plays: 1,115,394 characters, 65 symbols."""
    return TextDataset(
        "tiny-shakespeare",
        config,
        lambda: text_of(TINY_SHAKESPEARE, config.path),
        vocabulary,
        example="ROMEO:",
    )
