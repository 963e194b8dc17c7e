"""BLEU: how many words and groups of words of a translation are in the right one.

Source: Papineni et al. (2002), BLEU: a Method for Automatic Evaluation of Machine Translation.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

ORDERS = 4
"""The longest groups that BLEU of a corpus counts."""
SENTENCE_ORDERS = 2
"""The longest groups that BLEU of a sentence counts, as in Dive into Deep Learning."""


def groups(symbols: Sequence[int], order: int) -> Counter[tuple[int, ...]]:
    """Returns how often each group of ``order`` neighbouring symbols occurs."""
    return Counter(
        tuple(symbols[first : first + order]) for first in range(len(symbols) - order + 1)
    )


def matches(translation: Sequence[int], reference: Sequence[int], order: int) -> int:
    """Returns how many groups are in both, each as often as in the one that has it less often."""
    return (groups(translation, order) & groups(reference, order)).total()


def corpus_counts(translation: Sequence[int], reference: Sequence[int]) -> dict[str, int]:
    """Returns what a pair adds to the counts of ``corpus_bleu``."""
    counts = {"translated": len(translation), "referred": len(reference)}
    for order in range(1, ORDERS + 1):
        counts[f"matches_{order}"] = matches(translation, reference, order)
        counts[f"groups_{order}"] = max(0, len(translation) - order + 1)
    return counts


def corpus_bleu(counts: Mapping[str, float]) -> float:
    """Returns BLEU of a corpus, from 0 to 1.

        BLEU = exp(min(0, 1 - r / c)) (p_1 p_2 p_3 p_4)^(1/4)

    c and r are the lengths of all translations and of all references, p_n is the share of the
    groups of n symbols of all translations that their references have too. Without smoothing: it
    is 0 where no group of some n matches.

    Args:
        counts: The sums of ``corpus_counts`` over the pairs.
    """
    precisions = []
    for order in range(1, ORDERS + 1):
        if not counts[f"matches_{order}"]:
            return 0.0
        precisions.append(counts[f"matches_{order}"] / counts[f"groups_{order}"])
    brevity = min(0.0, 1 - counts["referred"] / counts["translated"])
    return math.exp(brevity + sum(map(math.log, precisions)) / ORDERS)


def sentence_bleu(translation: Sequence[int], reference: Sequence[int]) -> float:
    """Returns BLEU of a sentence as Dive into Deep Learning defines it, with k = 2, from 0 to 1.

        BLEU = exp(min(0, 1 - r / c)) Π_n p_n^(1 / 2^n),    n = 1 ... min(k, c)

    c and r are the lengths of translation and reference, p_n is the share of the groups of n
    symbols of the translation that the reference has too. Unlike BLEU of a corpus it is no
    geometric mean: the weights are 1/2 and 1/4. It is 0 for an empty translation.
    """
    length = len(translation)
    if not length:
        return 0.0
    score = math.exp(min(0.0, 1 - len(reference) / length))
    for order in range(1, min(SENTENCE_ORDERS, length) + 1):
        share = matches(translation, reference, order) / (length - order + 1)
        score *= share ** (0.5**order)
    return score
