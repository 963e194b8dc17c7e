"""Windows of CPython's prose and of its source code, labelled with their origin."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import final

import torch
from torch import Tensor

from zoo_core import Classes, Signature, Tokens, Unknown, Vocabulary
from zoo_core.data.vocabulary import REFUSE
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.dataset import encode_text
from zoo_core.runtime.datasets.labelled_rows import AbstractLabelledDataset, LabelledRows
from zoo_core.runtime.nn import Batch, Output
from zoo_text.configs import ProseOrCodeConfig
from zoo_text.python_docs import read_topics
from zoo_text.windows import sliding_windows

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
class ProseOrCodeDataset(AbstractLabelledDataset):
    """Windows of two texts, labelled with the text that they are from, in equal numbers.

    Each text is split before it is cut into windows, so that no two splits overlap. A window that
    an earlier split has too, because the text repeats itself, is left out.

    Args:
        config: Settings of the dataset.
        vocabulary: Vocabulary of a checkpoint, or None for the sorted symbols of both texts.
    """

    example = "for line in lines: print(line)"

    def __init__(self, config: ProseOrCodeConfig, vocabulary: Vocabulary | None) -> None:
        super().__init__("prose-or-code", config)
        self.config, self._checkpoint_vocabulary = config, vocabulary

    @cached_property
    def texts(self) -> tuple[str, str]:
        """Prose and code, both cut to the length of the shorter one."""
        prose, code = read_topics(), _read_sources()
        length = min(len(prose), len(code))
        return prose[:length], code[:length]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The symbols of both texts."""
        return self._checkpoint_vocabulary or Vocabulary.of("".join(self.texts))

    @property
    def signature(self) -> Signature:
        """Tokens, with the text that they are from as the label of the whole window."""
        return Signature(
            inputs=Tokens(len(self.vocabulary)),
            outputs=Classes(len(LABELS), per="sequence", names=LABELS),
            vocabulary=self.vocabulary,
        )

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of both texts."""
        return hashlib.sha256("\0".join(self.texts).encode("utf-8", "surrogatepass")).hexdigest()

    @cached_property
    def tokens(self) -> tuple[Tensor, Tensor]:
        """Both texts as ids, (N,) each."""
        prose, code = (torch.tensor(self.vocabulary.encode(text)) for text in self.texts)
        return prose, code

    def rows(self, split: str) -> LabelledRows:
        """Returns the windows of a split, (N, T), and their labels, (N,).

        Raises:
            DataError: There is no such split, or it has no window of its own.
        """
        steps = self.config.steps
        regions = [self._new_windows(tokens, split) for tokens in self.tokens]
        count = min(map(len, regions))
        labels = [label for label in range(len(LABELS)) for _ in range(count)]
        if not labels:
            raise DataError(
                f"prose-or-code: split {split} is shorter than a window of {steps}; "
                "choose a smaller --dataset.steps"
            )
        return LabelledRows(
            torch.cat([windows[:count] for windows in regions]), torch.tensor(labels)
        )

    def _new_windows(self, tokens: Tensor, split: str) -> Tensor:
        """Returns the windows of a split, (N, T), without those that an earlier one has."""
        windows = self._windows(tokens, split)
        earlier = self.splits[: self.splits.index(split)]
        known = {tuple(row) for name in earlier for row in self._windows(tokens, name).tolist()}
        is_new = [tuple(row) not in known for row in windows.tolist()]
        return windows[torch.tensor(is_new, dtype=torch.bool)]

    def _windows(self, tokens: Tensor, split: str) -> Tensor:
        region = tokens[self.split_slice(len(tokens), split)]
        return sliding_windows(region, self.config.steps, self.config.steps)

    def encode(self, value: str, unknown: Unknown = REFUSE) -> Batch:
        """Returns the tokens of a typed text, (1, T)."""
        return encode_text(value, self.vocabulary, unknown)

    def decode(self, output: Output) -> str:
        """Returns ``prose`` or ``code``."""
        return LABELS[int(output.logits[0].argmax())]


def _read_sources() -> str:
    """Returns the source code of some modules of the standard library, concatenated.

    Raises:
        DataError: This Python was installed without one of them.
    """
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
