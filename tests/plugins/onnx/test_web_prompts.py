"""How the page makes ids of a prompt: as the dataset of the checkpoint does, or not at all."""

from __future__ import annotations

from typing import Any, final

import pytest

from zoo_core.data.tokenizer import BUILT_IN, CHARACTERS
from zoo_core.data.vocabulary import REFUSE, Unknown, Vocabulary
from zoo_core.errors import MisfitError
from zoo_core.runtime.datasets.dataset import encode_text
from zoo_core.runtime.nn import Batch

pytest.importorskip("zoo_onnx")
pytestmark = pytest.mark.full
LETTERS = Vocabulary(tuple("\n abcde?"), tokenizer=CHARACTERS)
WORDS = Vocabulary(("<unk>", " the", " cat", "The", ",", "."), tokenizer=BUILT_IN["word"])


@final
class Typed:
    """A dataset, of which only ``encode`` is asked.

    Args:
        vocabulary: Its vocabulary.
        change: What it makes of a text.
        after: A text that follows each.
    """

    def __init__(self, vocabulary: Vocabulary, change: Any, after: str = "") -> None:
        self.vocabulary, self.change, self.after = vocabulary, change, after

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns a text as a batch of one."""
        return encode_text(self.change(value) + self.after, self.vocabulary, unknown)


def _after_blank(text: str) -> str:
    return text if text.startswith(" ") else f" {text}"


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        (Typed(LETTERS, str), (False, "", ())),
        (Typed(LETTERS, str.lower), (True, "", ())),
        (Typed(LETTERS, _after_blank), (False, " ", ())),
        (Typed(LETTERS, str, "?"), (False, "", (7,))),
        (Typed(LETTERS, lambda text: _after_blank(text.lower()), "?"), (True, " ", (7,))),
        (Typed(WORDS, str), (False, "", ())),
        (Typed(WORDS, str.lower), (True, "", ())),
    ],
)
def test_the_rule_of_a_dataset_is_found(dataset: Typed, expected: tuple[Any, ...]) -> None:
    from zoo_onnx.web.prompts import prompt_rule

    assert prompt_rule(dataset, dataset.vocabulary) == expected  # type: ignore[arg-type]


def test_a_dataset_that_turns_texts_around_has_no_page() -> None:
    from zoo_onnx.web.prompts import prompt_rule

    dataset = Typed(LETTERS, lambda text: text[::-1])
    with pytest.raises(MisfitError, match="changes a prompt in a way that the page cannot repeat"):
        prompt_rule(dataset, LETTERS)  # type: ignore[arg-type]
