"""Books whose text is used without preparation."""

from __future__ import annotations

from pathlib import Path

from zoo_core import Vocabulary
from zoo_core.errors import DataError, IntegrityError, NetworkError
from zoo_core.storage.locations import data_folder
from zoo_text.configs import NietzscheConfig, TinyShakespeareConfig, WarAndPeaceConfig
from zoo_text.dataset import TextDataset
from zoo_text.remote import NIETZSCHE, TINY_SHAKESPEARE, text_of

WAR_AND_PEACE = "warpeace_input.txt"
"""The name of the file of char-rnn."""
WAR_AND_PEACE_ADDRESS = "https://cs.stanford.edu/people/karpathy/char-rnn/warpeace_input.txt"
WAR_AND_PEACE_LENGTH = 3_258_246
"""Its characters, as Karpathy, Johnson & Li (2015) count them."""


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


def war_and_peace(config: WarAndPeaceConfig, vocabulary: Vocabulary | None) -> TextDataset:
    """Returns War and Peace in English: 3,258,246 characters, 87 symbols."""
    return TextDataset(
        "war-and-peace",
        config,
        lambda: read_war_and_peace(config.path),
        vocabulary,
        example="Prince Andrew",
    )


def read_war_and_peace(path: Path | None) -> str:
    """Returns the text of the copy that is given, or of the one in the folder of data.

    The zoo knows no hash of the file, so it downloads nothing, and checks the length.

    Raises:
        DataError: The copy cannot be read.
        IntegrityError: The copy has another length.
        NetworkError: No copy is given, and there is none in the folder of data.
    """
    copy, most = path or data_folder() / WAR_AND_PEACE, 4 * WAR_AND_PEACE_LENGTH
    if path is None and not copy.exists():
        raise NetworkError(
            f"war-and-peace is not downloaded by itself: put {WAR_AND_PEACE_ADDRESS} at {copy}, or "
            "name a copy with --dataset.path"
        )
    try:
        with copy.open("rb") as file:
            data = file.read(most + 1)
        text = data.decode() if len(data) <= most else ""
    except OSError as error:
        raise DataError(
            f"cannot read {copy}: {error.strerror}; name the copy with --dataset.path"
        ) from None
    except UnicodeDecodeError:
        raise IntegrityError(f"{copy} is not the text of war-and-peace: it is not UTF-8") from None
    if WAR_AND_PEACE_LENGTH not in (len(text), len(data)):
        count = f"{len(text):,} characters" if text else f"{len(data):,} bytes or more"
        raise IntegrityError(
            f"{copy} has {count}, and war-and-peace {WAR_AND_PEACE_LENGTH:,} characters; for "
            "a text of your own: --dataset text --dataset.path FILE"
        )
    return text.removeprefix("\ufeff")
