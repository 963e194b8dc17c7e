"""CPython's prose against its own source: which of the two is a window from?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property
from typing import final

import torch
from torch import Tensor

from zoo_core import Signature, Tokens, Unknown, Vocabulary
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.datasets.splits import batches_of, check_fractions, part, splits_of
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_text.configs import ProseOrCodeConfig
from zoo_text.python_docs import read_topics
from zoo_text.windows import cut, order

LABELS = ("prose", "code")
MODULES = (
    "argparse",
    "ast",
    "calendar",
    "configparser",
    "csv",
    "difflib",
    "doctest",
    "enum",
    "fractions",
    "inspect",
    "ipaddress",
    "mailbox",
    "pathlib",
    "pdb",
    "statistics",
    "tarfile",
    "textwrap",
    "typing",
    "uuid",
    "zipfile",
)


@final
class ProseOrCodeDataset(AbstractDataset):
    """Windows of two texts with the text they are from; as many of the one as of the other.

    Each text is split in itself before windows are cut, so that no two splits overlap.

    Args:
        config: What a person chose.
        vocabulary: A checkpoint's, or None for the symbols of both texts, sorted.
    """

    example = "for line in lines: print(line)"

    def __init__(self, config: ProseOrCodeConfig, vocabulary: Vocabulary | None) -> None:
        check_fractions(config, "prose-or-code")
        self.config, self._given = config, vocabulary

    @cached_property
    def texts(self) -> tuple[str, str]:
        """Prose and code, cut to the shorter one's length."""
        prose, code = read_topics(), _read_sources()
        length = min(len(prose), len(code))
        return prose[:length], code[:length]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The symbols."""
        return self._given or Vocabulary.of("".join(self.texts))

    @property
    def signature(self) -> Signature:
        """Tokens, with the text they are from as label of the whole window."""
        return Signature(
            inputs=Tokens(len(self.vocabulary)),
            classes=len(LABELS),
            per="sequence",
            vocabulary=self.vocabulary,
        )

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of both texts."""
        return hashlib.sha256("\0".join(self.texts).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def splits(self) -> tuple[str, ...]:
        """Those whose share is not zero."""
        return splits_of(self.config)

    @cached_property
    def tokens(self) -> tuple[Tensor, Tensor]:
        """Both texts as ids, (N,) each."""
        prose, code = (torch.tensor(self.vocabulary.encode(text)) for text in self.texts)
        return prose, code

    def windows(self, split: str) -> tuple[Tensor, Tensor]:
        """Every window (R, T) of a split, and its label (R,).

        Raises:
            DataError: There is no such split, or it is shorter than a window.
        """
        found, labels = [], []
        for label, tokens in enumerate(self.tokens):
            region = tokens[part(len(tokens), self.config, split, "prose-or-code")]
            cuts = cut(region, self.config.steps - 1, self.config.steps)
            found.append(cuts)
            labels += [label] * len(cuts)
        if not labels:
            raise DataError(
                f"prose-or-code: split {split} is shorter than a window of {self.config.steps}; "
                "choose a smaller --dataset.steps"
            )
        return torch.cat(found), torch.tensor(labels)

    def batch_count(self, split: str, size: int, seed: int, epoch: int) -> int:
        """How many batches an epoch has."""
        return batches_of(len(self.windows(split)[1]), size, split, "prose-or-code")

    def batches(
        self, split: str, size: int, seed: int, epoch: int, start: int = 0
    ) -> Iterator[Batch]:
        """Windows (B, T) and labels (B,), in random order in training."""
        windows, labels = self.windows(split)
        turns = order(len(labels), seed, epoch)
        for first in range(start * size, len(labels), size):
            chosen = turns[first : first + size]
            yield Batch(windows[chosen], labels[chosen])

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """A text, (1, T)."""
        ids = self.vocabulary.encode(value, unknown)
        if not ids:
            raise DataError("an empty input; give at least one symbol")
        return Batch(torch.tensor([ids]))

    def decode(self, output: Output) -> str:
        """``prose`` or ``code``."""
        return LABELS[int(output.logits[0].argmax())]


def _read_sources() -> str:
    """The source of some modules of the standard library, one after the other."""
    from importlib.util import find_spec

    texts = []
    for name in MODULES:
        spec = find_spec(name)
        loader = getattr(spec, "loader", None)
        source = loader.get_source(spec.name) if spec and loader else None
        if source is None:
            raise DataError(f"this Python comes without the source of {name}")
        texts.append(source)
    return "\n".join(texts)
