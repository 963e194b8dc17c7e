"""How the page turns a typed text into the ids that the checkpoint's dataset would give."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, final

from zoo_core.data.tokenizer import BUILT_IN, AbstractTokenizer
from zoo_core.data.vocabulary import Unknown, Vocabulary
from zoo_core.errors import DataError, MisfitError
from zoo_core.runtime.datasets.dataset import AbstractDataset, encode_text
from zoo_core.runtime.nn import Batch
from zoo_onnx.symbols import bytes_of

SKIP = Unknown("skip")
PROBED = 200
"""Symbols of the vocabulary that the rule is tried on."""
PLAIN_FLAGS = ("single_word", "lstrip", "rstrip")
"""Of an added token, what a page does not do."""
FORBIDDEN = ("unk_token", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback")
"""Of a model of pairs, what a page does not do."""


@final
class PromptRule(NamedTuple):
    """What a dataset does with a typed text beside cutting it into symbols.

    Args:
        lowercase: Whether capitals become small letters.
        before: What precedes a text that does not begin with it.
        after: The ids that follow every text.
    """

    lowercase: bool
    before: str
    after: tuple[int, ...]


def prompt_rule(dataset: AbstractDataset, vocabulary: Vocabulary) -> PromptRule:
    """Returns the rule of a dataset, found by encoding texts with it.

    Raises:
        MisfitError: The dataset changes a text in another way.
    """
    symbols = [symbol for symbol in vocabulary.symbols if len(symbol) == 1] or vocabulary.symbols
    text = _text_of(vocabulary.tokenizer, symbols[:PROBED])
    for lowercase in (False, True):
        shown = text.lower() if lowercase else text
        plain, found = _plain(vocabulary, shown), _ids(dataset, text)
        places = range(len(found) - len(plain) + 1)
        start = next((at for at in places if found[at : at + len(plain)] == plain), None)
        if start is None:
            continue
        before = vocabulary.decode(found[:start])
        rule = PromptRule(lowercase, before, tuple(found[start + len(plain) :]))
        rule = rule._replace(lowercase=lowercase or _makes_small(dataset, vocabulary, rule))
        if all(_ids(dataset, one) == apply(rule, vocabulary, one) for one in (text, text[::-1])):
            return rule
    raise MisfitError(
        "the dataset of the model changes a prompt in a way that the page cannot repeat; "
        "try: zoo export --format onnx"
    )


def apply(rule: PromptRule, vocabulary: Vocabulary, text: str) -> list[int]:
    """Returns the ids of a text as the page makes them; symbols that it lacks are left out."""
    text = text.lower() if rule.lowercase else text
    if not text.startswith(rule.before):
        text = rule.before + text
    return [*_plain(vocabulary, text), *rule.after]


def _makes_small(dataset: AbstractDataset, vocabulary: Vocabulary, rule: PromptRule) -> bool:
    """Whether capitals that the vocabulary lacks are read as small letters."""
    for symbol in vocabulary.symbols:
        small, capital = rule.before + symbol, rule.before + symbol.upper()
        if capital.lower() == small and _plain(vocabulary, small) != _plain(vocabulary, capital):
            return _ids(dataset, capital) == _ids(dataset, small)
    return False


def _ids(dataset: AbstractDataset, text: str) -> list[int]:
    return _known(lambda: dataset.encode(text, SKIP))


def _plain(vocabulary: Vocabulary, text: str) -> list[int]:
    return _known(lambda: encode_text(text, vocabulary, SKIP))


def _known(encode: Callable[[], Batch]) -> list[int]:
    try:
        ids: list[int] = encode().inputs[0].tolist()
    except DataError:  # nothing of the text is known
        return []
    return ids


def _text_of(tokenizer: AbstractTokenizer, symbols: Sequence[str]) -> str:
    """Returns a text of symbols, without what stands for no text."""
    return b"".join(bytes_of(tokenizer, symbol) for symbol in symbols).decode("utf-8", "ignore")


def tokenizer_data(vocabulary: Vocabulary) -> dict[str, Any]:
    """Returns what the page needs to cut a text into symbols and to join them.

    Raises:
        MisfitError: The page cannot cut a text as this tokenizer does.
    """
    tokenizer = vocabulary.tokenizer
    data: dict[str, Any] = {"kind": tokenizer.kind, "symbols": list(vocabulary.symbols)}
    if tokenizer.kind not in BUILT_IN:
        data |= _merges(tokenizer)
    if tokenizer.kind != "char":
        data["bytes"] = [list(bytes_of(tokenizer, symbol)) for symbol in vocabulary.symbols]
    return data


def _merges(tokenizer: AbstractTokenizer) -> dict[str, Any]:
    """Returns the merges of byte-pair encoding, and its added tokens.

    Raises:
        MisfitError: The tokenizer is another one, or does more than that.
    """
    problem = MisfitError(
        f"a page cannot cut a prompt as this {tokenizer.kind} tokenizer does; it can with "
        "characters, bytes, words, and byte-pair encoding over bytes; try: zoo export --format onnx"
    )
    try:
        values = json.loads(tokenizer.content)
        model, cutter = values["model"], values["pre_tokenizer"]
        added = values.get("added_tokens") or []
        is_plain = (
            model["type"] == "BPE"
            and not any(model.get(name) for name in (*FORBIDDEN, "ignore_merges", "dropout"))
            and values.get("normalizer") is None
            and cutter["type"] == "ByteLevel"
            and not cutter["add_prefix_space"]
            and cutter.get("use_regex", True)
            and not any(token.get(flag) for token in added for flag in PLAIN_FLAGS)
        )
        merges = [
            pair.split(" ") if isinstance(pair, str) else list(pair) for pair in model["merges"]
        ]
        added_texts = [str(token["content"]) for token in added]
    except (ValueError, KeyError, TypeError):
        raise problem from None
    if not is_plain:
        raise problem
    return {"merges": merges, "added": added_texts}
